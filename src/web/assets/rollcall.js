// What the pages can do beyond HTML. Everything here is an addition: without it each form still works.
const $ = (query, root = document) => root.querySelector(query);
const all = (query, root = document) => [...root.querySelectorAll(query)];

// The server writes times on the clock of the device, which only the device knows.
document.cookie = `rollcall-offset=${-new Date().getTimezoneOffset()}; Path=/; SameSite=Lax; Max-Age=31536000${location.protocol === "https:" ? "; Secure" : ""}`;

// A link with a secret has it behind its #, so that browsers send it to no server. It goes into the form.
for (const field of all("[data-from-link]")) {
  const secret = location.hash.slice(1);
  if (!secret) continue;
  $("input", field).value = secret;
  field.hidden = true;
  history.replaceState(null, "", location.pathname + location.search);
}

// Installs the service worker of the offline page. Browsers allow it over https and on the own machine.
addEventListener("load", () => navigator.serviceWorker?.register(new URL("../../service-worker.js", import.meta.url)).catch(() => {}));

// What needs this script is hidden without it.
for (const part of all("[data-reveal], [data-theme-switch]")) part.hidden = false;

// A message that goes by itself; the region is role=status, so it is read out.
export function toast(text, undo) {
  const region = $("#toasts");
  if (!region) return;
  const box = Object.assign(document.createElement("div"), { className: "toast" });
  const words = Object.assign(document.createElement("span"), { textContent: text });
  box.append(words);
  if (undo) {
    const button = Object.assign(document.createElement("button"), { className: "btn", type: "button", textContent: region.dataset.undo });
    button.addEventListener("click", () => { undo(); box.remove(); });
    box.append(button);
  }
  region.replaceChildren(box);
  leave(box);
}

function leave(box) {
  const end = () => (box.matches(":hover, :focus-within") ? setTimeout(end, 2000) : box.remove());
  setTimeout(end, 6000);
}

// The message that the server wrote is said once: not again when the page is loaded again.
const said = $("#toasts .toast");
if (said) leave(said);
const address = new URL(location.href);
if (address.searchParams.has("note")) {
  address.searchParams.delete("note");
  history.replaceState(null, "", address);
}

// Light, dark, or as the device says. The server writes data-theme from the preference; this only tries it out.
function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

// Shows the rows of the board that match; the form of the search does the same on the server.
export function search(words) {
  const wanted = words.trim().toLocaleLowerCase();
  let shown = 0;
  for (const group of all(".group")) {
    let here = 0;
    for (const person of all(".person", group)) {
      person.hidden = !person.textContent.toLocaleLowerCase().includes(wanted);
      if (!person.hidden) here += 1;
    }
    group.hidden = here === 0;
    const count = $("h2 .num", group);
    if (count) count.textContent = here;
    shown += here;
  }
  const nobody = $("#nobody");
  if (nobody) nobody.hidden = shown > 0;
}

// Arrow keys move through the visible people, like through any list.
function step(by) {
  const links = all(".person:not([hidden]) .name a");
  const at = links.indexOf(document.activeElement?.closest(".person")?.querySelector(".name a"));
  links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
}

// On a phone the sections are a strip: bring the current one into view.
$(".side [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// Shortcuts of a single character can be turned off, because some people speak to their device (WCAG 2.2, 2.1.4).
const hasNoShortcuts = () => localStorage.getItem("rollcall-shortcuts") === "off";
for (const label of all("[data-shortcuts]")) {
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: !hasNoShortcuts() });
  box.addEventListener("change", () => localStorage.setItem("rollcall-shortcuts", box.checked ? "on" : "off"));
  label.prepend(box);
  label.hidden = false;
}

function open(id) {
  const dialog = document.getElementById(id);
  if (dialog?.showModal) dialog.showModal();
  return Boolean(dialog?.showModal);
}

document.addEventListener("input", ({ target }) => {
  if (target.name === "emoji") {
    $("[data-emoji]").textContent = target.value === "none" ? "🙂" : target.value;
    target.closest("[popover]").hidePopover();
  }
});

document.addEventListener("click", async (event) => {
  const at = (query) => event.target.closest(query);
  const button = at("button, a");
  if (!button) return;
  if (at("[data-theme-switch]")) switchTheme();
  // Browsers that do not know `command` yet.
  if (button.getAttribute("command") && !("commandForElement" in HTMLButtonElement.prototype)) {
    const dialog = document.getElementById(button.getAttribute("commandfor"));
    if (button.getAttribute("command") === "close") dialog?.close();
    else dialog?.showModal();
  }
  if (at("[data-opens]") && !event.ctrlKey && !event.metaKey && !event.shiftKey && open(button.dataset.opens)) event.preventDefault();
  if (at("[data-reveal]")) {
    const field = document.getElementById(button.dataset.reveal);
    const shown = field.type === "text";
    field.type = shown ? "password" : "text";
    button.setAttribute("aria-pressed", String(!shown));
  }
  if (at("[data-copy]")) {
    await navigator.clipboard?.writeText(document.getElementById(button.dataset.copy).textContent);
    toast($("#toasts").dataset.copied);
  }
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const typing = event.target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
  const status = $("#my-status:modal, main #my-status");
  if (typing) {
    if (event.key === "Escape" && event.target.id === "q") { event.target.value = ""; event.target.dispatchEvent(new Event("input")); event.target.blur(); }
    if (event.key === "ArrowDown" && event.target.id === "q") { event.preventDefault(); step(0); }
    // In an empty field of "My status" a digit picks a quick status.
    if (!(status && event.target.name === "text" && event.target.value === "")) return;
  }
  if (hasNoShortcuts() && !event.key.startsWith("Arrow")) return;
  const act = {
    "/": () => $("#q")?.focus(),
    s: () => open("my-status"),
    "?": () => open("shortcuts"),
    n: () => document.activeElement?.closest(".person")?.querySelector("[aria-pressed]")?.click(),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
  }[event.key];
  const quick = status && /^[1-9]$/.test(event.key) && $(`[data-digit="${event.key}"]`, status);
  if (quick) {
    event.preventDefault();
    quick.click();
  } else if ($("#my-status:modal") && !typing && /^\p{L}$/u.test(event.key)) {
    // A person who just begins to type means the text; the letter lands there.
    $("[name=text]", status).select();
  } else if (!$("dialog:modal") && act && !(event.key.startsWith("Arrow") && !$("#roll"))) {
    event.preventDefault();
    act();
  }
});
