// The run pages in the browser: when to look again, the log's end, and uploads with their progress.
(function () {
  "use strict";

  var DROP = "ingest-drop";
  var PROGRESS = "ingest-progress";
  var UPLOADED = "ingest-uploaded";
  var SUBMIT = "ingest-submit";
  var lists = new WeakMap();

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.runs = {
    // A hidden tab does not ask.
    beat: function () {
      return document.hidden ? window.dash_clientside.no_update : Date.now();
    }
  };

  document.addEventListener("visibilitychange", function () {
    if (document.hidden) {
      return;
    }
    ["runs", "run"].forEach(function (page) {
      if (document.getElementById(page + "-page")) {
        window.dash_clientside.set_props(page + "-beat", { data: Date.now() });
      }
    });
  });

  // The log stays at its end while its reader is there.
  new MutationObserver(function () {
    var log = document.getElementById("run-log");
    if (log && log.dataset.read !== "up") {
      log.scrollTop = log.scrollHeight;
    }
  }).observe(document.documentElement, { childList: true, subtree: true });

  document.addEventListener("scroll", function (event) {
    var log = event.target;
    if (log.id === "run-log") {
      var left = log.scrollHeight - log.clientHeight - log.scrollTop;
      log.dataset.read = left > 24 ? "up" : "end";
    }
  }, true);

  function token() {
    var found = document.cookie.match(/(?:^|; )_csrf_token=([^;]*)/);
    return found ? decodeURIComponent(found[1]) : "";
  }

  function problem(request) {
    try {
      return JSON.parse(request.responseText).error;
    } catch (_error) {
      return request.status
        ? "the dashboard answered with error " + request.status
        : "the connection was lost; choose the file again";
    }
  }

  function send(file, limit, progress) {
    return new Promise(function (resolve) {
      if (file.size > limit * 1048576) {
        resolve({
          name: file.name,
          error: "larger than " + limit + " MiB, the most that can be uploaded: " +
            "put the file into the landing folder instead"
        });
        return;
      }
      var request = new XMLHttpRequest();
      request.open("POST", "/upload?name=" + encodeURIComponent(file.name));
      request.setRequestHeader("Content-Type", "application/octet-stream");
      request.setRequestHeader("X-CSRFToken", token());
      request.upload.onprogress = function (event) {
        progress(event.loaded);
      };
      request.onloadend = function () {
        var kept = request.status === 201;
        resolve(kept ? JSON.parse(request.responseText) : { name: file.name, error: problem(request) });
      };
      request.send(file);
    });
  }

  function show(share, busy) {
    window.dash_clientside.set_props(PROGRESS, { value: String(share) });
    window.dash_clientside.set_props(SUBMIT, { disabled: busy });
  }

  async function take(zone, files) {
    var limit = Number(zone.parentElement.dataset.limit);
    var known = lists.get(zone) || [];
    var total = files.reduce(function (sum, file) { return sum + file.size; }, 0) || 1;
    var done = 0;
    for (var file of files) {
      var entry = await send(file, limit, function (loaded) {
        show((done + loaded) / total, true);
      });
      done += file.size;
      known = known.filter(function (old) { return old.name !== entry.name; }).concat([entry]);
    }
    lists.set(zone, known);
    show(0, false);
    window.dash_clientside.set_props(UPLOADED, { data: known });
  }

  function zoneOf(event) {
    var target = event.target;
    return target.closest && target.closest("#" + DROP);
  }

  // Dash would read a file into memory as text and send that; these take it first.
  document.addEventListener("change", function (event) {
    var zone = zoneOf(event);
    if (zone && event.target.type === "file") {
      event.stopImmediatePropagation();
      take(zone, Array.from(event.target.files));
      event.target.value = "";
    }
  }, true);

  document.addEventListener("drop", function (event) {
    var zone = zoneOf(event);
    if (zone) {
      event.preventDefault();
      event.stopImmediatePropagation();
      take(zone, Array.from(event.dataTransfer.files));
    }
  }, true);
})();
