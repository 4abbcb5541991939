// "Tell me when … is back": once, by a message on the page and, where the reader allows it, by the browser. It holds for
// this tab, as long as it is open.
import { toast } from "./rollcall.js";

const KEY = "rollcall-awaited";
const awaited = new Set(JSON.parse(sessionStorage.getItem(KEY) ?? "[]"));
const store = () => sessionStorage.setItem(KEY, JSON.stringify([...awaited]));

function tell(text) {
  toast(text);
  if (window.Notification?.permission === "granted") new Notification(text);
}

// Gives a person's row its bell while they are not online, and tells the reader if they are online again.
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
