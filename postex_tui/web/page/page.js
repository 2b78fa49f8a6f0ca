"use strict";

// Whoever opens the page can type at once: the app has the keyboard from its first picture on, the way back at its end.
const shows = (state) => document.body.classList.contains(state);
new MutationObserver(() => {
  if (shows("-closed")) document.querySelector("#start").focus();
  else if (shows("-first-byte")) document.querySelector(".xterm-helper-textarea")?.focus();
}).observe(document.body, { attributeFilter: ["class"] });

// A phone shows the page from afar, so that 80 × 24 letters fit whichever way it is held.
const view = document.querySelector("meta[name=viewport]");
const fit = () => {
  const width = Math.min(1300, Math.max(800, Math.ceil((520 * innerWidth) / innerHeight)));
  view.content = `width=${width}`;
};
addEventListener("resize", fit);
fit();

// A file comes as a download of this page: browsers keep windows back that nobody clicked for. Nothing else opens any,
// so that no address in a stranger's words is a link.
window.open = (address = "") => {
  const files = `${location.origin}/download/`;
  if (address.startsWith(files)) {
    const link = document.createElement("a");
    link.href = `download/${address.slice(files.length)}`;
    link.download = "";
    link.click();
  }
  return null;
};

// Ctrl+V is the browser's, which knows what was copied elsewhere.
addEventListener(
  "keydown",
  (event) => {
    if (event.ctrlKey && !event.altKey && event.key.toLowerCase() === "v") event.stopImmediatePropagation();
  },
  true,
);

// Leaving ends the session: browsers that are told to by a key (Ctrl+W, reload) ask first.
addEventListener("beforeunload", (event) => {
  if (shows("-first-byte") && !shows("-closed")) event.preventDefault();
});

if (performance.getEntriesByType("navigation")[0]?.type === "reload") {
  document.body.classList.add("-again");
  for (const touch of ["keydown", "pointerdown"])
    addEventListener(touch, () => document.body.classList.remove("-again"), { once: true, capture: true });
}
