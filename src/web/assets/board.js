// Updates the open board: a stream of events changes its rows.
import { arrive, bell, showAwaited } from "./bell.js";
import { search } from "./rollcall.js";

const roll = document.querySelector("#roll");
const { lang, icons } = roll.dataset;
const words = JSON.parse(roll.dataset.words);
const bar = document.querySelector("#lost"), field = document.querySelector("#q");
const KINDS = ["online", "busy", "away", "offline"];
const clock = new Intl.DateTimeFormat(lang, { hour: "numeric", minute: "2-digit", hourCycle: "h23" });
const weekday = new Intl.DateTimeFormat(lang, { weekday: "long" });
// The day comes before the month, as in the dates that the server writes.
const day = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { day: "numeric", month: "long" });
const fill = (text, ...values) => values.reduce((filled, value) => filled.replace("{}", value), text);

// Writes times in the format of the server (web/moments.rs).
const time = (moment) => clock.format(moment).replace(/^0/, "");
const days = (moment) => Math.round((new Date(moment).setHours(0, 0, 0, 0) - new Date().setHours(0, 0, 0, 0)) / 86400000);
function near(moment) {
  const apart = days(moment);
  if (apart === 0) return time(moment);
  if (Math.abs(apart) > 6) return day.format(moment);
  const name = apart === 1 ? words.tomorrow : apart === -1 ? words.yesterday : weekday.format(moment);
  return fill(words.day, name, time(moment));
}
function end(moment) {
  if (moment.getHours() || moment.getMinutes() || moment.getSeconds()) return near(moment);
  const apart = days(moment);
  return apart === 1 ? words.midnight : apart >= 2 && apart <= 7 ? weekday.format(moment) : day.format(moment);
}

const span = (name, text) => Object.assign(document.createElement("span"), { className: name, textContent: text });
const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
function icon(id, name) {
  const shape = svg("svg"), use = svg("use");
  shape.setAttribute("class", name);
  shape.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${icons}#${id}`);
  shape.append(use);
  return shape;
}

// The parts of each row that change, and the text that sorts it. They are kept, because to find them costs more than to
// change them.
const kept = new WeakMap();
function parts(row) {
  let known = kept.get(row);
  if (!known) {
    const [state, when, name] = [".state", ".when", ".name bdi"].map((part) => row.querySelector(part));
    kept.set(row, known = { state, when, name, order: orderOf(name.textContent) });
  }
  return known;
}

// Changes a text only if it differs, so that the page is not laid out again for nothing.
function put(element, text) {
  if (element.textContent !== `${text}`) element.textContent = text;
}

// Writes a person's status into their row. The texts of users are inserted as text, never as HTML.
function write(row, person) {
  const known = parts(row), { state, when, name } = known, [dot, word, say] = state.children;
  const emoji = person.statusEmoji?.startsWith(":") ? "" : person.statusEmoji ?? "";
  const before = row.dataset.status;
  if (before !== person.status) {
    dot.setAttribute("class", `dot ${person.status}`);
    dot.firstElementChild.setAttribute("href", `#shape-${person.status}`);
    word.textContent = words[person.status];
    row.dataset.status = person.status;
    moved.add(row);
  }
  say?.remove();
  if (emoji || person.statusText) {
    const text = Object.assign(document.createElement("bdi"), { textContent: person.statusText });
    const shown = span("say cut", emoji ? `${emoji} ` : "");
    shown.append(text);
    state.append(shown);
  }
  const times = [];
  if (person.statusSince && person.status !== "offline") times.push(span("since", fill(words.since, near(new Date(person.statusSince)))));
  if (person.statusExpiresAt) times.push(span("until", fill(words.until, end(new Date(person.statusExpiresAt)))));
  if (person.status === "offline") times.push(...when.querySelectorAll(".seen"));
  when.replaceChildren(...times);
  if (name.textContent !== person.name) {
    name.textContent = person.name;
    known.order = orderOf(person.name);
  }
  bell(row, person.name, words, icon);
}

const said = (row) => `${row.querySelector(".word").textContent}${row.querySelector(".say bdi")?.textContent ?? ""}`;
// The groups are the board's own children: a selector would look through all people for them.
const groups = () => [...roll.children].filter((child) => child.classList.contains("group"));
const rows = () => [...roll.querySelectorAll(".person")];
const row = (id) => document.getElementById(`p-${id}`);

// The statuses of all people who are not offline, by id, and the number of people with each status. The stream begins with
// everyone, so the counts include people who have no row on this page. The numbers are kept, so that a change costs the same
// on a board of any size.
let statuses, tally;
function begin(users) {
  statuses = new Map();
  tally = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
  for (const person of users) note(person);
}
function note({ _id, status }) {
  if (!statuses) return;
  tally[statuses.get(_id) ?? "offline"] -= 1;
  tally[status] += 1;
  if (status === "offline") statuses.delete(_id);
  else statuses.set(_id, status);
}

// The rows whose status changed since they were last in their groups.
let moved = new Set();
function bells() {
  moved = new Set();
  for (const person of rows()) bell(person, parts(person).name.textContent, words, icon);
  showAwaited(icon);
}

// Returns the row before which a row belongs in a list that is sorted by name; null for the end. The order is that of the
// server (domain::text::folded).
const orderOf = (name) => name.trim().normalize("NFC").toLowerCase();
function place(list, order) {
  let [from, to] = [0, list.children.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (parts(list.children[middle]).order > order) to = middle;
    else from = middle + 1;
  }
  return list.children[from] ?? null;
}

// Moves rows to their new groups when neither the pointer nor the focus is in the list, or after 5 seconds. Otherwise
// the list would jump under the pointer.
let moving;
const busy = () => roll.matches(":hover, :focus-within");
function settle(force) {
  if (busy() && !force) {
    moving ??= setTimeout(() => settle(true), 5000);
    return;
  }
  clearTimeout(moving);
  moving = undefined;
  if (byStatus()) {
    const lists = Object.fromEntries(groups().map((group) => [group.dataset.status, group.querySelector(".people")]));
    for (const person of moved) {
      const list = lists[person.dataset.status];
      if (!list || person.parentElement === list) continue;
      const focused = person.contains(document.activeElement) ? document.activeElement : null;
      list.insertBefore(person, place(list, parts(person).order));
      focused?.focus();
    }
  }
  moved.clear();
  count();
}
roll.addEventListener("pointerleave", () => moving && settle());
roll.addEventListener("focusout", () => moving && setTimeout(settle));

const byStatus = () => roll.classList.contains("by-status");

// Updates the counts, which include the people on the other pages. With a filter, only the server knows how many of
// them match: then a group's count stays as it is, or is that of its rows if there is no other page.
function count() {
  if (field.value && isWhole()) search(field.value);
  else {
    if (statuses) tally.offline = total() - tally.online - tally.busy - tally.away;
    // In another order no person moves to another group.
    for (const group of byStatus() ? groups() : []) {
      const here = group.querySelector(".people").children.length, number = group.querySelector("h2 .num");
      if (statuses && !filtered) put(number, tally[group.dataset.status]);
      else if (!document.querySelector("#pages nav")) put(number, here);
      group.hidden = here === 0;
    }
    document.querySelector("#nobody").hidden = roll.querySelector(".person") !== null;
  }
  if (!statuses) return;
  for (const kind of KINDS) put(document.querySelector(`[data-count="${kind}"] .num`), tally[kind]);
  put(document.querySelector("#heading"), fill(words.heading, tally.online + tally.busy, total()));
}
const total = () => Number(document.querySelector("[data-count=all] .num").textContent);

// Returns whether everyone has a row on this page.
const isWhole = () => roll.querySelectorAll(".person").length === total();

// Searches while the reader types: in the rows if everyone has one, else on the server.
let asking;
function find() {
  if (isWhole()) {
    search(field.value);
    return;
  }
  clearTimeout(asking);
  asking = setTimeout(() => {
    const address = new URL(location.href);
    for (const name of ["q", "page"]) address.searchParams.delete(name);
    if (field.value.trim()) address.searchParams.set("q", field.value.trim());
    history.replaceState(null, "", address);
    filtered = isFiltered();
    reload(0, true);
  }, 300);
}
field.addEventListener("input", find);

function change(person, flash) {
  const known = row(person._id);
  note(person);
  // With a filter, the server decides which people are on the page.
  if (filtered && (!known || known.dataset.status !== person.status)) reload(1000);
  if (person.status === "online") arrive(person._id, person.name, words, icon);
  if (!known) return;
  // The card with the user's own status also shows the next status, so it must be loaded again.
  if (known.dataset.own && said(known) !== `${words[person.status]}${person.statusText}`) reload(0);
  write(known, person);
  if (!flash) return;
  if (known.classList.contains("changed")) {
    // The animation begins again only after the page was laid out without the class.
    known.classList.remove("changed");
    void known.offsetWidth;
  }
  known.classList.add("changed");
}

const isFiltered = () => ["q", "status", "team"].some((name) => new URL(location.href).searchParams.get(name));
let filtered = isFiltered();

// Writes changes that come at the same time in one frame.
let waiting = [];
function later(person, flash) {
  if (waiting.push([person, flash]) > 1) return;
  requestAnimationFrame(() => {
    const all = waiting;
    waiting = [];
    for (const [person, flash] of all) change(person, flash);
    settle();
  });
}

// Loads the page again after a person came or left, the user's own status changed, or the reader asks for other people.
// Replaces only the board, its counts and links, and the user's card.
const PARTS = ["#roll", "#heading", "#part", "#pages", ".seg", ".views", ".side nav", ".side nav.later"];
let reloading, asked = false;
function reload(after = 500, forced = false) {
  if (asked && !forced) return;
  asked = forced;
  clearTimeout(reloading);
  reloading = setTimeout(async () => {
    asked = false;
    const address = location.href, answer = await fetch(address, { headers: { accept: "text/html" } });
    // The server redirects to the page with the reason, and shows the reason once. Another request would miss it.
    if (answer.redirected) return location.assign(answer.url);
    if (!answer.ok) return location.reload();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    // The reader may have asked for other people meanwhile.
    if (address !== location.href) return;
    const card = page.querySelector(".you");
    if (card) document.querySelector(".you").replaceChildren(...card.childNodes);
    const seen = page.querySelector("#my-status footer p"), dialog = document.querySelector("#my-status footer p");
    if (seen && dialog) dialog.textContent = seen.textContent;
    const rest = PARTS.map((part) => [document.querySelector(part), page.querySelector(part)]).filter(([now, then]) => now && then);
    if (!forced) {
      if (rest.every(([now, then]) => now.textContent === then.textContent)) return;
      if (document.querySelector("dialog:modal") || busy()) return reload(2000);
    }
    for (const [now, then] of rest) now.replaceChildren(...then.childNodes);
    bells();
    count();
  }, after);
}

// Opens the stream. After an error it is opened again after 1, 2, 4 … 30 seconds, and continues after the last event.
let source, last = "", wait = 1, since = new Date(), retry, stream, idleAfter;
const hereKey = "rollcall-here";
const isHere = () => localStorage.getItem(hereKey) !== "0";

function connect() {
  clearTimeout(retry);
  source?.close();
  const address = new URL(roll.dataset.events, location.href);
  address.searchParams.set("here", isHere() ? "1" : "0");
  if (last) address.searchParams.set("after", last);
  source = new EventSource(address);
  source.addEventListener("hello", ({ data }) => {
    ({ stream, idleAfter } = JSON.parse(data));
    away = false;
    rest();
    wait = 1;
    bar.hidden = true;
    delete roll.dataset.stale;
  });
  source.addEventListener("presence", ({ data, lastEventId }) => {
    last = lastEventId;
    since = new Date();
    later(JSON.parse(data), true);
  });
  source.addEventListener("state", ({ data, lastEventId }) => {
    last = lastEventId;
    since = new Date();
    const { users } = JSON.parse(data);
    const here = new Set(users.map((person) => `p-${person._id}`));
    waiting = [];
    begin(users);
    for (const person of users) later(person, false);
    for (const gone of rows()) {
      if (!here.has(gone.id) && (gone.dataset.status !== "offline" || gone.querySelector(".say"))) {
        later({ _id: gone.id.slice(2), name: gone.querySelector(".name bdi").textContent, status: "offline", statusText: "" }, false);
      }
    }
  });
  source.addEventListener("people", () => reload());
  source.addEventListener("end", () => { source.close(); location.reload(); });
  source.addEventListener("error", () => { source.close(); lost(); });
}

function lost() {
  if (bar.hidden) { bar.dataset.at = near(since); bar.hidden = false; roll.dataset.stale = ""; }
  let left = wait;
  wait = Math.min(wait * 2, 30);
  const say = () => {
    const strong = Object.assign(document.createElement("b"), { textContent: words.lost });
    bar.querySelector("span").replaceChildren(strong, ` ${fill(words.stale, bar.dataset.at)} ${fill(words.again, left)}`);
    if (left-- <= 0) check();
    else retry = setTimeout(say, 1000);
  };
  say();
}

// Checks before a new stream if the session has ended. If so, loads the page again, and the sign-in page explains it.
async function check() {
  try {
    const answer = await fetch(`${roll.dataset.events}?here=0`, { method: "HEAD" });
    if (answer.status === 401) return location.reload();
    connect();
  } catch {
    lost();
  }
}
bar.querySelector("button").addEventListener("click", () => { wait = 1; clearTimeout(retry); check(); });
addEventListener("online", () => !bar.hidden && check());

// Reports that the user is away after a time without input, if their preference wants it. The next input reports that
// they are back.
let away = false, idle;
function tell(now) {
  if (away === now || !stream) return;
  away = now;
  const body = new URLSearchParams({ stream, away: now ? "1" : "0", "form-token": document.querySelector("[name=form-token]").value });
  fetch(`${roll.dataset.events}/idle`, { method: "POST", body }).catch(() => {});
}
function rest() {
  clearTimeout(idle);
  if (idleAfter) idle = setTimeout(() => tell(true), idleAfter * 1000);
}
for (const input of ["pointermove", "keydown", "wheel", "touchstart"]) {
  addEventListener(input, () => { if (away) tell(false); rest(); }, { passive: true });
}

// The checkbox "I am here while this page is open".
const here = document.querySelector("[name=here]");
if (here) {
  here.closest("label").hidden = false;
  here.checked = isHere();
  here.addEventListener("change", () => { localStorage.setItem(hereKey, here.checked ? "1" : "0"); connect(); });
}

document.querySelector("[data-clear-search]")?.addEventListener("click", (event) => {
  if (new URL(location.href).searchParams.size) return;
  event.preventDefault();
  field.value = "";
  find();
});

bells();
connect();
