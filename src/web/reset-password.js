import { sendForm } from "./form.js";

sendForm({
  endpoint: "users.resetPassword",
  missing: "This page needs the whole link that your administrator gave you.",
  body: (token, fields) => ({ token, newPassword: fields.password }),
  done: () => "Your password is set. Use the new password to log back in.",
});
