// Counts the changes of a form that are not saved, and marks them. The form also has hidden fields with the values that
// the page showed.
function isChanged(form, control) {
  const shown = form.elements[`was:${control.name}`]?.value.replaceAll("\r\n", "\n");
  if (control.type === "checkbox") {
    // Boxes of one name have values: those that were checked are in the hidden field.
    if (shown === undefined) return control.checked !== control.defaultChecked;
    return control.checked !== (control.value === "on" ? shown === "true" : shown.split(",").includes(control.value));
  }
  return shown !== undefined && control.value !== shown;
}

for (const form of document.querySelectorAll("form[data-changes]")) {
  const bar = form.querySelector(".savebar"), place = bar.querySelector("[role=status]");
  const none = place.textContent, staysOpen = !bar.hidden;
  const count = () => {
    let changes = 0;
    for (const control of form.elements) {
      if (!control.name || control.type === "hidden" || control.disabled || control.tagName === "BUTTON") continue;
      const changed = isChanged(form, control);
      control.closest(".setting, td")?.classList.toggle("touched", changed);
      if (changed) changes += 1;
    }
    place.textContent = changes === 0 ? none : changes === 1 ? form.dataset.one : form.dataset.changes.replace("{}", changes);
    bar.hidden = !staysOpen && changes === 0;
  };
  form.addEventListener("input", count);
  // The controls have their old values only after this event.
  form.addEventListener("reset", () => setTimeout(count));
  // A browser may fill in the values of an earlier visit.
  addEventListener("pageshow", count);
}
