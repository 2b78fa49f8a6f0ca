// Whoever opens the page can type at once: the app has the keyboard from its first picture on.
new MutationObserver((_, watching) => {
  const keyboard = document.querySelector(".xterm-helper-textarea");
  if (keyboard && document.body.classList.contains("-first-byte")) {
    watching.disconnect();
    keyboard.focus();
  }
}).observe(document.documentElement, { subtree: true, childList: true, attributes: true, attributeFilter: ["class"] });
