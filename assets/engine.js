/* The engine page in the browser: choosing sensors, raw or normalised, zoom, and keys. */
(function () {
  "use strict";

  const page = function () { return document.querySelector(".engine-page"); };

  // The router listens to navigation, not to replaceState: the page stays, the link is right.
  const remember = function (values) {
    const query = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(values)) {
      if (value === "" || value === null) query.delete(name);
      else query.set(name, String(value));
    }
    const search = query.toString().replaceAll("%2C", ",");
    window.history.replaceState(window.history.state, "", window.location.pathname + (search ? "?" + search : ""));
  };

  const span = function () {
    const query = new URLSearchParams(window.location.search);
    const first = query.get("from"), last = query.get("to");
    return first !== null && last !== null ? [Number(first), Number(last)] : null;
  };

  const picked = function () {
    const pressed = page().querySelectorAll("[data-pick][aria-pressed=true]");
    return Array.from(pressed, function (button) { return button.dataset.pick; });
  };

  const choose = function (button) {
    const most = 6;
    const chosen = picked();
    const off = button.getAttribute("aria-pressed") === "true";
    if (off ? chosen.length === 1 : chosen.length >= most) return;
    button.setAttribute("aria-pressed", off ? "false" : "true");
    const sensors = picked().join(",");
    remember({ sensors: sensors });
    window.dash_clientside.set_props("engine-pick", { data: { sensors: sensors, span: span() } });
  };

  const open = function (cycle) {
    window.dash_clientside.set_props("engine-report-cycle", { value: Number(cycle) });
    window.dash_clientside.set_props("engine-report-result", { children: null });
    window.dash_clientside.set_props("engine-report", { is_open: true });
  };

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.stillwater_engine = {
    zoomed: function (event) {
      if (!event) return;
      const first = event["xaxis.range[0]"], last = event["xaxis.range[1]"];
      const all = event["xaxis.autorange"] === true;
      if (!all && (first === undefined || last === undefined)) return;
      const before = JSON.stringify(span());
      remember(all ? { from: "", to: "" } : { from: Math.round(first), to: Math.round(last) });
      if (JSON.stringify(span()) === before) return;
      window.dash_clientside.set_props("engine-pick", { data: { sensors: picked().join(","), span: span() } });
    },
  };

  // The library of the charts is large: it is fetched while the page is still being worked out,
  // and from other pages once they stand.
  const warm = function (kind) {
    for (const file of ["dash/dcc/async-graph.js", "plotly/package_data/plotly.min.js"]) {
      const link = document.createElement("link");
      link.rel = kind;
      link.as = "script";
      link.href = "/_dash-component-suites/" + file;
      document.head.append(link);
    }
  };
  if (window.location.pathname.startsWith("/engine/")) warm("preload");
  else window.addEventListener("load", function () { warm("prefetch"); });

  document.addEventListener("click", function (event) {
    if (!page()) return;
    const target = event.target.closest("[data-pick], [data-norm], [data-report], [data-open], [data-close]");
    if (!target) return;
    if (target.dataset.pick) choose(target);
    else if (target.dataset.report) open(target.dataset.report);
    else if (target.dataset.open) window.dash_clientside.set_props(target.dataset.open, { is_open: true });
    else if (target.dataset.close) window.dash_clientside.set_props(target.dataset.close, { is_open: false });
    else {
      remember({ norm: target.dataset.norm });
      window.dash_clientside.set_props("engine-norm", { data: target.dataset.norm });
    }
  });

  document.addEventListener("keydown", function (event) {
    if (!page() || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable], .modal")) return;
    const link = { j: "engine-next", k: "engine-previous" }[event.key];
    const found = link && document.getElementById(link);
    if (found) found.click();
  });
})();
