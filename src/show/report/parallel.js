// Scales of hyperparameters, and parallel coordinates on them.
(() => {
  /** Places from 0 to 1 on the scale that a hyperparameter is searched on: { place, text, ticks: [place], tickText, note, step }. */
  shoal.parameterScale = d => {
    if (d.scale === 'choices') {
      const n = d.choices.length;
      return {
        place: i => (i + 0.5) / n, ticks: d3.range(n).map(i => (i + 0.5) / n), step: 1 / n, note: '',
        text: u => d.choices[Math.max(0, Math.min(n - 1, Math.floor(u * n)))], value: i => d.choices[i],
      };
    }
    const whole = v => (d.integer ? shoal.count(Math.round(v)) : shoal.number(v));
    const made = (place, invert, ticks, note) => ({
      place, note, step: 1 / 40, ticks: ticks.map(place), text: u => whole(invert(Math.max(0, Math.min(1, u)))), value: whole,
    });
    if (d.min === d.max) return made(() => 0.5, () => d.min, [d.min], '');
    if (d.scale === 'log') {
      const at = d3.scaleLog([d.min, d.max], [0, 1]);
      return made(at, at.invert, shoal.logTicks(d.min, d.max, 7), 'log');
    }
    if (d.scale === 'one_minus_log') {
      const at = d3.scaleLog([1 - d.min, 1 - d.max], [0, 1]);
      const ticks = shoal.logTicks(1 - d.max, 1 - d.min, 7).map(t => Number((1 - t).toPrecision(12)));
      return made(v => at(1 - v), u => 1 - at.invert(u), ticks.filter(t => t >= d.min && t <= d.max), 'log of 1 - x');
    }
    const at = d3.scaleLinear([d.min, d.max], [0, 1]);
    return made(at, at.invert, at.ticks(6).filter(t => !d.integer || Number.isInteger(t)), '');
  };

  /** Of the metric: the better, the higher up. */
  shoal.scoreScale = (scores, higherIsBetter) => {
    const s = shoal.valueScale(scores, higherIsBetter ? [0, 1] : [1, 0]);
    return {
      place: s.at, text: u => shoal.number(s.at.invert(u)), ticks: s.ticks.map(s.at), step: 1 / 40,
      note: `${s.log ? 'log, ' : ''}${higherIsBetter ? 'higher' : 'lower'} is better`, value: shoal.number,
    };
  };

  const lastWord = key => key.split('.').slice(-1)[0];
  const least = 1e-9;

  /**
   * view: { trials: [{ trial, values, score, lit }], axes: [{ key, scale, of: trial => value }], brushes: Map key -> [low, high],
   *         selected: Set, focus }
   * brushed(): called after a brush has changed; look(trial or null)
   */
  shoal.parallel = (parent, view, { width, brushed, look }) => {
    const height = 380;
    const margin = { top: 50, bottom: 16, left: 26, right: 98 };
    const gap = Math.max((width - margin.left - margin.right) / Math.max(1, view.axes.length - 1), 104);
    const across = Math.max(width, margin.left + margin.right + gap * (view.axes.length - 1));
    const box = shoal.add(parent, 'div', '', 'wide');
    if (across > width) d3.select(box).attr('tabindex', 0).attr('role', 'region').attr('aria-label', 'Parallel coordinates, wider than the window');
    const svg = d3.select(box).append('svg').attr('viewBox', `0 0 ${across} ${height}`).attr('width', across).attr('height', height)
      .attr('role', 'group').attr('aria-label', 'Parallel coordinates');
    const xOf = i => margin.left + gap * i;
    const yOf = u => height - margin.bottom - u * (height - margin.top - margin.bottom);
    const uOf = y => Math.max(0, Math.min(1, (height - margin.bottom - y) / (height - margin.top - margin.bottom)));
    view.trials.forEach(t => {
      t.places = view.axes.map(a => a.scale.place(a.of(t)));
      t.line = t.places.map((u, i) => `${i === 0 ? 'M' : 'L'}${xOf(i).toFixed(1)},${yOf(u).toFixed(1)}`).join('');
    });

    const back = svg.append('g');
    const front = svg.append('g');
    const labels = svg.append('g');
    svg.append('rect').attr('class', 'catch').style('cursor', 'default').attr('x', 0).attr('y', margin.top).attr('width', across).attr('height', height - margin.top - margin.bottom)
      .on('mousemove', function () {
        const [x, y] = d3.mouse(this);
        const i = Math.max(0, Math.min(view.axes.length - 2, Math.floor((x - margin.left) / gap)));
        const share = Math.max(0, Math.min(1, (x - xOf(i)) / gap));
        let found = null;
        let closest = 10;
        view.trials.forEach(t => {
          const there = view.axes.length < 2 ? yOf(t.places[0]) : yOf(t.places[i] * (1 - share) + t.places[i + 1] * share);
          const off = Math.abs(there - y) - (view.selected.has(t.trial) ? 4 : 0);
          if (off < closest) closest = off, found = t;
        });
        look(found);
      }).on('mouseleave', () => look(null));

    const controls = view.axes.map((axis, i) => {
      const g = svg.append('g').attr('transform', `translate(${xOf(i)},0)`);
      const anchor = i === view.axes.length - 1 ? 'end' : i === 0 ? 'start' : 'middle';
      const shift = anchor === 'end' ? margin.right - 2 : anchor === 'start' ? -margin.left + 2 : 0;
      const name = g.append('text').attr('x', shift).attr('y', 14).attr('text-anchor', anchor).style('font-weight', 600).text(lastWord(axis.key));
      name.append('title').text(axis.key);
      g.append('text').attr('class', 'quiet').attr('x', shift).attr('y', 29).attr('text-anchor', anchor).text(axis.scale.note);
      g.append('line').attr('class', 'axis').style('stroke', 'var(--quiet)').attr('y1', yOf(0)).attr('y2', yOf(1));
      axis.scale.ticks.forEach(u => {
        g.append('line').style('stroke', 'var(--quiet)').attr('x2', 4).attr('y1', yOf(u)).attr('y2', yOf(u));
        const text = axis.scale.text(u);
        g.append('text').attr('class', 'halo').attr('x', 7).attr('y', yOf(u)).attr('dy', '0.32em').text(text.length > 14 ? `${text.slice(0, 13)}\u2026` : text);
      });
      const area = g.append('rect').attr('class', 'brushed').attr('x', -8).attr('width', 16);
      const brush = () => view.brushes.get(axis.key) || [0, 1];
      const set = (low, high) => {
        if (low <= least && high >= 1 - least) view.brushes.delete(axis.key);
        else view.brushes.set(axis.key, [low, high]);
        brushed();
      };
      let from = null;
      g.append('rect').attr('class', 'catch').style('cursor', 'crosshair').attr('x', -12).attr('width', 24).attr('y', margin.top).attr('height', height - margin.top - margin.bottom)
        .style('touch-action', 'none').attr('data-axis', axis.key)
        .on('pointerdown', function () { from = uOf(d3.mouse(this)[1]); this.setPointerCapture(d3.event.pointerId); d3.event.preventDefault(); })
        .on('pointermove', function () {
          if (from === null) return;
          const to = uOf(d3.mouse(this)[1]);
          if (Math.abs(to - from) > 0.01) set(Math.min(from, to), Math.max(from, to));
        })
        .on('pointerup', function () {
          if (from !== null && Math.abs(uOf(d3.mouse(this)[1]) - from) <= 0.01) set(0, 1);  // a click takes the brush away
          from = null;
        });
      const handles = [0, 1].map(end => {
        const handle = g.append('g').attr('class', 'handle').attr('tabindex', 0).attr('role', 'slider').attr('aria-orientation', 'vertical')
          .attr('aria-label', `${axis.key}: ${end === 0 ? 'lower' : 'upper'} end of the brush`).attr('aria-valuemin', 0).attr('aria-valuemax', 1)
          .attr('data-handle', `${axis.key}:${end}`).style('touch-action', 'none');
        handle.append('path').attr('d', end === 0 ? 'M-8,0h16l-8,7z' : 'M-8,0h16l-8,-7z');
        const move = u => {
          const [low, high] = brush();
          if (end === 0) set(Math.max(0, Math.min(u, high)), high);
          else set(low, Math.min(1, Math.max(u, low)));
        };
        let dragged = false;
        handle.on('pointerdown', function () { dragged = true; this.setPointerCapture(d3.event.pointerId); d3.event.stopPropagation(); })
          .on('pointermove', function () { if (dragged) move(uOf(d3.mouse(svg.node())[1])); })
          .on('pointerup', () => { dragged = false; })
          .on('keydown', () => {
            const step = axis.scale.step;
            const u = brush()[end];
            const to = { ArrowUp: u + step, ArrowRight: u + step, ArrowDown: u - step, ArrowLeft: u - step, PageUp: u + 5 * step, PageDown: u - 5 * step, Home: 0, End: 1 }[d3.event.key];
            if (d3.event.key === 'Escape') set(0, 1);
            else if (to !== undefined) move(to);
            else return;
            d3.event.preventDefault();
          });
        return handle;
      });
      return () => {
        const [low, high] = brush();
        const on = view.brushes.has(axis.key);
        area.attr('y', yOf(high)).attr('height', Math.max(0, yOf(low) - yOf(high))).style('display', on ? null : 'none');
        handles.forEach((handle, end) => {
          const u = end === 0 ? low : high;
          handle.attr('transform', `translate(0,${yOf(u) + (end === 0 ? 1 : -1)})`).attr('aria-valuenow', u.toFixed(3)).attr('aria-valuetext', on ? axis.scale.text(u) : 'no limit');
        });
      };
    });

    return () => {
      controls.forEach(update => update());
      shoal.trialLayers(back, front, view, t => t.line, 'L');
      const lit = view.trials.filter(t => t.lit && view.selected.has(t.trial)).map(t => ({ t, y: yOf(t.places[view.axes.length - 1]) }));
      const names = labels.selectAll('text').data(shoal.spread(lit, margin.top, height - margin.bottom, 13));
      names.exit().remove();
      names.enter().append('text').attr('class', 'halo').merge(names).attr('x', xOf(view.axes.length - 1) + 52).attr('y', l => l.y).attr('dy', '0.32em')
        .style('fill', l => l.t.lit).style('font-weight', 600).text(l => `#${l.t.trial}`);
    };
  };

  /** Which trials all brushes leave. */
  shoal.brushedTrials = view => new Set(view.trials.filter(t => view.axes.every((a, i) => {
    const brush = view.brushes.get(a.key);
    return !brush || (t.places[i] >= brush[0] - least && t.places[i] <= brush[1] + least);
  })).map(t => t.trial));
})();
