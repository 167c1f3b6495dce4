// Goes back to the app once the apps in the frames were told; one that does not answer is not waited for long.
const back = document.getElementById("continue");
let left = false;

function leave() {
  if (back !== null && !left) {
    left = true;
    window.location.replace(back.href);
  }
}

window.addEventListener("load", leave);
window.setTimeout(leave, 5000);
