// "Tell me when … is back": shows one message on the page and, if the reader allows it, one notification of the
// browser. It works in this tab, as long as the tab is open.
import { toast } from "./rollcall.js";

const KEY = "rollcall-waiting";
// The awaited people: their names by their ids.
const awaited = new Map(JSON.parse(sessionStorage.getItem(KEY) ?? "[]"));
const list = document.querySelector("#waiting");

function changed(icon) {
  sessionStorage.setItem(KEY, JSON.stringify([...awaited]));
  showAwaited(icon);
}

function tell(text) {
  toast(text);
  if (window.Notification?.permission === "granted") new Notification(text);
}

// Notifies the reader if an awaited person is back. The page may have no row for this person.
export function arrive(id, name, words, icon) {
  if (!awaited.delete(id)) return;
  changed(icon);
  tell(words.back.replace("{}", () => name));
}

// Writes the list of the awaited people at the side of the board.
export function showAwaited(icon) {
  const items = [...awaited].map(([id, name]) => {
    const row = document.getElementById(`p-${id}`), link = document.createElement("a");
    link.href = row ? `#p-${id}` : `people/${id}`;
    const text = Object.assign(document.createElement("bdi"), { className: "cut", textContent: name });
    const until = row?.querySelector(".until")?.textContent ?? "";
    link.append(icon("bell", "icon s"), text, Object.assign(document.createElement("span"), { className: "num", textContent: until }));
    const item = document.createElement("li");
    item.append(link);
    return item;
  });
  list.querySelector("ul").replaceChildren(...items);
  list.hidden = items.length === 0;
}

// Adds a bell to a person's row while they are not online. If they are online again, removes it and notifies the
// reader.
export function bell(row, name, words, icon) {
  if (row.dataset.own) return;
  const id = row.id.slice(2);
  let button = row.querySelector(".icon-btn");
  if (row.dataset.status === "online") {
    button?.remove();
    arrive(id, name, words, icon);
    return;
  }
  if (!button) {
    button = Object.assign(document.createElement("button"), { className: "icon-btn", type: "button" });
    button.append(icon("bell", "icon"));
    button.addEventListener("click", () => {
      if (!awaited.delete(id)) {
        awaited.set(id, row.querySelector(".name bdi").textContent);
        if (window.Notification?.permission === "default") Notification.requestPermission();
      }
      changed(icon);
      button.setAttribute("aria-pressed", String(awaited.has(id)));
    });
    row.append(button);
  }
  const label = words.bell.replace("{}", () => name), pressed = String(awaited.has(id));
  if (button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
  if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
  // The end of the status may have changed.
  if (awaited.has(id)) showAwaited(icon);
}
