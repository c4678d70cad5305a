// Runs before the first paint: the theme that was chosen, or the system's.
(function () {
  "use strict";
  var chosen = document.cookie.match(/(?:^|; )theme=(light|dark)(?:;|$)/);
  var theme = chosen ? chosen[1] : matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  if (!chosen) {
    document.cookie = "theme=" + theme + "; path=/; max-age=31536000; samesite=lax";
  }
  document.documentElement.dataset.bsTheme = theme;
  document.documentElement.dataset.agThemeMode = theme;
})();
