"use strict";

// The secret stands behind the #, so that browsers send it to nobody and it stands in no log.
const link = location.hash.slice(1);
const form = document.getElementById("setup");
const lead = document.getElementById("lead");
const problem = document.getElementById("problem");
const button = form.querySelector("button");

function show(text) {
  problem.textContent = text;
  problem.hidden = !text;
}

// Answers end in their code in brackets, which is for programs.
function words(error) {
  return (error || "the server did not say why").replace(/ \[[^\]]*\]$/, "");
}

if (!link) {
  form.hidden = true;
  lead.textContent = "This page needs the whole setup link that the server printed when it started.";
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
    const response = await fetch("/api/v1/setup.createAdministrator", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ link, ...fields }),
    });
    const answer = await response.json();
    if (answer.success) {
      form.hidden = true;
      lead.textContent = `Done: ${answer.user.username} is the administrator of this server. Log in with any Rocket.Chat client.`;
      history.replaceState(null, "", location.pathname);
    } else {
      show(words(answer.error));
    }
  } catch {
    show("The server does not answer. Is it running?");
  } finally {
    button.disabled = false;
  }
});
