// "Tell me when … is back": shows one message on the page and, if the reader allows it, one notification of the
// browser. It works in this tab, as long as the tab is open.
import { toast } from "./rollcall.js";

const KEY = "rollcall-awaited";
const awaited = new Set(JSON.parse(sessionStorage.getItem(KEY) ?? "[]"));
const store = () => sessionStorage.setItem(KEY, JSON.stringify([...awaited]));

function tell(text) {
  toast(text);
  if (window.Notification?.permission === "granted") new Notification(text);
}

// Adds a bell to a person's row while they are not online. If they are online again, removes it and notifies the
// reader.
export function bell(row, status, words, icon) {
  if (row.dataset.own) return;
  const id = row.id.slice(2), name = row.querySelector(".name bdi").textContent;
  let button = row.querySelector(".icon-btn");
  if (status === "online") {
    button?.remove();
    if (awaited.delete(id)) {
      store();
      tell(words.back.replace("{}", () => name));
    }
    return;
  }
  if (!button) {
    button = Object.assign(document.createElement("button"), { className: "icon-btn", type: "button" });
    button.append(icon("bell", "icon"));
    button.addEventListener("click", () => {
      if (!awaited.delete(id)) {
        awaited.add(id);
        if (window.Notification?.permission === "default") Notification.requestPermission();
      }
      store();
      button.setAttribute("aria-pressed", String(awaited.has(id)));
    });
    row.append(button);
  }
  button.setAttribute("aria-label", words.bell.replace("{}", () => name));
  button.setAttribute("aria-pressed", String(awaited.has(id)));
}
