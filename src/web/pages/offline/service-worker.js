// Shows a page if the browser cannot reach the server. It answers no request that succeeds, and stores nothing but
// that page and its assets. The server writes their paths, with the page first, into the line before this text.
const [PAGE] = PARTS;
const prefix = `${registration.scope} `;
const name = prefix + PARTS.join(" ");

addEventListener("install", (event) => {
  // Without cookies, the page is the same for every visitor.
  const requests = PARTS.map((path) => new Request(path, { credentials: "omit" }));
  event.waitUntil(caches.open(name).then((cache) => cache.addAll(requests)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = (known) => known.startsWith(prefix) && known !== name;
  event.waitUntil(caches.keys().then((all) => Promise.all(all.filter(old).map((one) => caches.delete(one)))));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const asset = PARTS.find((path) => path !== PAGE && request.url === new URL(path, location).href);
  const stored = request.mode === "navigate" ? PAGE : asset;
  // The browser itself shows that a form did not arrive, because it can send the form again.
  if (request.method !== "GET" || !stored) return;
  event.respondWith(fetch(request).catch(async () => (await caches.match(stored, { cacheName: name })) ?? Response.error()));
});
