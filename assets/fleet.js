/* The fleet page in the browser: turning pages, and a URL that says what is shown. */
(function () {
  "use strict";

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.stillwater_fleet = {
    // The router listens to navigation, not to replaceState: the page stays, the link is right.
    remember: function (text, state, page) {
      const triggered = window.dash_clientside.callback_context.triggered_id;
      const query = new URLSearchParams(window.location.search);
      const first = triggered !== "fleet-turn" || page === 1;
      const wanted = { q: text, state: state === "all" ? "" : state, page: first ? "" : String(page) };
      for (const [name, value] of Object.entries(wanted)) {
        if (value) query.set(name, value);
        else query.delete(name);
      }
      const search = query.toString();
      window.history.replaceState(window.history.state, "", search ? "?" + search : window.location.pathname);
    },
  };

  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-page]");
    if (!button || !document.getElementById("fleet-rows")) return;
    window.dash_clientside.set_props("fleet-turn", { data: Number(button.dataset.page) });
    document.getElementById("fleet-top").scrollIntoView({ block: "end" });
  });

  document.addEventListener("keydown", function (event) {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const search = document.getElementById("fleet-search");
    if (!search) return;
    event.preventDefault();
    search.focus();
  });
})();
