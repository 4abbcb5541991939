// Reports that the user is away after a time without input, if their preference wants it. The next input reports that
// they are back.
let stream, idleAfter, events, away = false, idle;

// Begins with a stream, the seconds after which its user is away, and the address of streams.
export function watch(ofStream, seconds, address) {
  [stream, idleAfter, events, away] = [ofStream, seconds, address, false];
  rest();
}

function tell(now) {
  if (away === now || !stream) return;
  away = now;
  const body = new URLSearchParams({ stream, away: now ? "1" : "0", "form-token": document.querySelector("[name=form-token]").value });
  fetch(`${events}/idle`, { method: "POST", body }).catch(() => {});
}

function rest() {
  clearTimeout(idle);
  if (idleAfter) idle = setTimeout(() => tell(true), idleAfter * 1000);
}

for (const input of ["pointermove", "keydown", "wheel", "touchstart"]) {
  addEventListener(input, () => { if (away) tell(false); rest(); }, { passive: true });
}
