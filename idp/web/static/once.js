// A form is sent once: the second press of an impatient finger would throw away the answer to the first.
let sent = false;

document.addEventListener("submit", (event) => {
  if (sent) {
    event.preventDefault();
  }
  sent = true;
});

// Back again by the browser's own memory of the page, the form may be sent anew.
window.addEventListener("pageshow", () => {
  sent = false;
});
