import { sendForm } from "./form.js";

sendForm({
  endpoint: "setup.createAdministrator",
  missing: "This page needs the whole setup link that the server printed when it started.",
  body: (link, fields) => ({ link, ...fields }),
  done: (answer) =>
    `Done: ${answer.user.username} is the administrator of this server. Log in with any Rocket.Chat client.`,
});
