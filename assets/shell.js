// What the shell does in the browser: theme, title and focus, and what became of requests.
(function () {
  "use strict";

  var NOTICE_MS = 10000;
  var hiding = 0;
  var offline = false;

  function notice(text, stays) {
    var box = document.getElementById("shell-notice");
    clearTimeout(hiding);
    box.textContent = text;
    box.hidden = !text;
    if (text && !stays) {
      hiding = setTimeout(notice, NOTICE_MS, "");
    }
  }

  function signIn() {
    // Only the address is kept: what was clicked is not repeated after sign-in.
    var here = location.pathname + location.search;
    location.assign("/sign-in?next=" + encodeURIComponent(here));
    return new Promise(function () {});
  }

  function explain(answer) {
    answer.clone().json().then(function (body) {
      notice(body.error + " (request " + body.request_id + ")");
    }, function () {
      notice("The dashboard answered with error " + answer.status + ".");
    });
  }

  var send = window.fetch;
  window.fetch = function () {
    return send.apply(window, arguments).then(function (answer) {
      if (offline) {
        offline = false;
        notice("");
      }
      if (answer.status === 401) {
        return signIn();
      }
      if (answer.status >= 400) {
        explain(answer);
      }
      return answer;
    }, function (error) {
      if (error.name !== "AbortError") {
        offline = true;
        notice("The dashboard does not answer. What you see is as of the last answer.", true);
      }
      throw error;
    });
  };

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.stillwater = {
    toggleTheme: function (_clicks, theme) {
      var next = theme === "dark" ? "light" : "dark";
      document.cookie = "theme=" + next + "; path=/; max-age=31536000; samesite=lax";
      document.documentElement.dataset.bsTheme = next;
      document.documentElement.dataset.agThemeMode = next;
      return next;
    },
    // Tells the title, and to screen readers that another page is there.
    arrive: function (title) {
      var first = document.title === "Stillwater";
      var another = document.title !== title;
      document.title = title;
      if (!first && another) {
        document.getElementById("page").focus({ preventScroll: true });
      }
      return title;
    }
  };
})();
