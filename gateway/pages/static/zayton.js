// All of this is comfort: every page works without it.
import { follow } from "./live.js";
import { suggest } from "./suggest.js";
import { keepFresh } from "./parts.js";

document.querySelectorAll("[data-suggest]").forEach(suggest);
document.querySelectorAll("[data-refresh-every]").forEach(keepFresh);
// What was wrong with a form is read first.
document.querySelector("[data-focus]")?.focus();

// A menu closes when the reader goes elsewhere.
for (const menu of document.querySelectorAll("details.own")) {
  document.addEventListener("click", (event) => menu.contains(event.target) || menu.removeAttribute("open"));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  });
}

// A form is sent once, however often its button is pressed (the hall would take it once anyway).
document.addEventListener("submit", (event) => {
  if (event.target.method !== "post") return;
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = "yes";
});
addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => delete form.dataset.sent));

follow();
