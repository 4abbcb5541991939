// A form whose page was opened by a link with a secret: asks for a password twice, sends it once.
// The secret stands behind the #, so that browsers send it to nobody and it stands in no log.

const form = document.querySelector("form");
const lead = document.getElementById("lead");
const problem = document.getElementById("problem");
const button = form.querySelector("button");

function show(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

// Answers end in their code in brackets, which is for programs.
function words(answer) {
  const broken = Array.isArray(answer.details) ? answer.details.map((rule) => rule.message) : [];
  const error = (answer.error || "the server did not say why").replace(/ \[[^\]]*\]$/, "");
  return [error, ...broken].join(" ");
}

// `body` makes what is sent of the secret and the fields, `done` the words for success.
export function sendForm({ endpoint, missing, body, done }) {
  const secret = location.hash.slice(1);
  if (!secret) {
    form.hidden = true;
    lead.textContent = missing;
    return;
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { again, ...fields } = Object.fromEntries(new FormData(form));
    if (fields.password !== again) {
      show("The two passwords are not the same.");
      return;
    }
    show("");
    button.disabled = true;
    try {
      // The server may be below a path of a larger site: the address of this script has it.
      const response = await fetch(new URL(`api/v1/${endpoint}`, import.meta.url), {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body(secret, fields)),
      });
      const answer = await response.json();
      if (answer.success) {
        form.hidden = true;
        lead.textContent = done(answer);
        history.replaceState(null, "", location.pathname);
      } else {
        show(words(answer));
      }
    } catch {
      show("The server does not answer. Is it running?");
    } finally {
      button.disabled = false;
    }
  });
}
