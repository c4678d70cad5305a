// What of the lineage's graph is seen at first: all of it, or where that is too much its start.

window.dash_clientside = Object.assign({}, window.dash_clientside, {
  stillwater_lineage: {
    smallest: 0.8,
    margin: 110,

    view: function (elements) {
      const box = document.getElementById("lineage-graph");
      const nodes = (elements || []).filter((one) => one.position);
      if (!box || !nodes.length) return [1, { x: 0, y: 0 }];
      const start = nodes.filter((one) => one.classes.split(" ").includes("start")).pop();
      const ends = ["x", "y"].map((axis) => {
        const all = nodes.map((one) => one.position[axis]);
        const edge = axis === "x" ? this.margin : this.margin / 3;
        return [Math.min(...all) - edge, Math.max(...all) + edge];
      });
      const size = [box.clientWidth, box.clientHeight];
      const fits = ends.map(([low, high], axis) => size[axis] / (high - low));
      const zoom = Math.max(this.smallest, Math.min(1, ...fits));
      const [x, y] = ["x", "y"].map((axis, place) => {
        const [low, high] = ends[place];
        if ((high - low) * zoom <= size[place]) return (size[place] - (low + high) * zoom) / 2;
        const at = start ? start.position[axis] : axis === "x" ? low : (low + high) / 2;
        const middle = size[place] / 2 - at * zoom;
        return Math.min(-low * zoom, Math.max(size[place] - high * zoom, middle));
      });
      return [zoom, { x, y }];
    },

    follow: function (clicked) {
      return clicked ? clicked.href : window.dash_clientside.no_update;
    },
  },
});
