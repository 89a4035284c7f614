'use strict';

// What all charts are made of. An element is emptied and drawn anew whenever its width or its data change.
const shoal = {};

(() => {
  const number = d3.format('.4~g');
  const large = d3.format('.4~s');
  /** To read, with four digits; 2.5M where there are many. */
  shoal.number = value => {
    if (value === null || value === undefined) return '-';
    return (Math.abs(value) >= 1e5 && Math.abs(value) < 1e15 ? large(value) : number(value)).replace('\u2212', '-');
  };
  const whole = d3.format(',');
  shoal.count = value => whole(value);

  // Log where values are above 0 and span more than this: said at every such axis.
  const widestLinear = 20;
  shoal.isLog = (low, high) => low > 0 && high > widestLinear * low;

  shoal.colours = d3.range(8).map(i => `var(--c${i})`);
  shoal.dashes = [null, '7 3', '2 3', '9 3 2 3', '12 4', '4 2', '1 4', '9 2 2 2 2 2'];

  /** A scale of values with round ticks: { at, log, ticks, text }. */
  shoal.valueScale = (values, range, { zero = false, log = null } = {}) => {
    let [low, high] = d3.extent(values);
    if (low === undefined) [low, high] = [0, 1];
    const logarithmic = log === null ? !zero && shoal.isLog(low, high) : log;
    if (zero) low = Math.min(0, low), high = Math.max(0, high);
    if (low === high) {
      const room = Math.abs(low) / 10 || 1;
      low -= zero && low === 0 ? 0 : room, high += room;
    }
    if (!logarithmic) {
      const at = d3.scaleLinear([low, high], range).nice(5);
      const ticks = at.ticks(5);
      const large = Math.max(Math.abs(low), Math.abs(high)) >= 1e5;
      return { at, log: false, ticks, text: large ? shoal.number : at.tickFormat(5) };
    }
    const at = d3.scaleLog([low, high], range);
    return { at, log: true, ticks: shoal.logTicks(low, high, Math.abs(range[1] - range[0]) / 22), text: shoal.number };
  };

  /** Powers of ten, or 1, 2 and 5 of each where there is room for `most` of them. */
  shoal.logTicks = (low, high, most) => {
    const first = Math.floor(Math.log10(low));
    const last = Math.ceil(Math.log10(high));
    const within = ticks => ticks.filter(t => t >= low * (1 - 1e-9) && t <= high * (1 + 1e-9));
    const powers = d3.range(first, last + 1).map(e => Number(`1e${e}`));
    const finer = within(powers.flatMap(p => [1, 2, 5].map(m => Number((m * p).toPrecision(1)))));
    if (finer.length <= Math.max(most, 3)) return finer;
    const every = Math.ceil(powers.length / Math.max(most, 2));
    return within(powers.filter((_, i) => i % every === 0));
  };

  shoal.stepText = step => (step >= 1e5 ? d3.format('~s')(step) : whole(step));

  /** Draws into an element now and whenever it gets another width. */
  shoal.live = (element, draw) => {
    if (element.shoalObserver) element.shoalObserver.disconnect();
    let width = 0;
    const again = () => {
      const now = Math.floor(element.clientWidth);
      if (now === width || now === 0) return;
      width = now;
      const top = window.scrollY;
      draw(width);
      window.scrollTo(window.scrollX, top);
    };
    again();
    element.shoalObserver = new ResizeObserver(again);
    element.shoalObserver.observe(element);
  };

  shoal.add = (parent, tag, text, className) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (className) made.className = className;
    parent.append(made);
    return made;
  };
  shoal.section = (parent, title) => {
    const section = shoal.add(parent, 'section');
    shoal.add(section, 'h2', title);
    return section;
  };

  /** A titled box with an svg: { box, svg, readout }. */
  shoal.figure = (parent, { title, scale, label, width, height }) => {
    const box = shoal.add(parent, 'div', '', 'chart');
    const heading = shoal.add(box, parent.closest('section') ? 'h3' : 'h2', title);
    if (scale) shoal.add(heading, 'span', ` ${scale}`, 'scale');
    const readout = shoal.add(box, 'output', '', 'readout');
    const svg = d3.select(box).append('svg').attr('viewBox', `0 0 ${width} ${height}`)
      .attr('width', width).attr('height', height).attr('role', 'group').attr('aria-label', label || title);
    return { box, svg, readout };
  };

  shoal.axisLeft = (svg, scale, left, right) => {
    const ticks = svg.append('g').selectAll('g').data(scale.ticks).enter().append('g').attr('class', 'tick')
      .attr('transform', t => `translate(0,${scale.at(t)})`);
    ticks.append('line').attr('x1', left).attr('x2', right);
    ticks.append('text').attr('x', left - 6).attr('dy', '0.32em').attr('text-anchor', 'end').text(t => scale.text(t));
  };
  shoal.axisBottom = (svg, { ticks, at, text, label, top, left, right }) => {
    svg.append('line').attr('class', 'axis').attr('x1', left).attr('x2', right).attr('y1', top).attr('y2', top);
    const made = svg.append('g').selectAll('g').data(ticks).enter().append('g').attr('class', 'tick')
      .attr('transform', t => `translate(${at(t)},${top})`);
    made.append('line').attr('y2', 4);
    made.append('text').attr('y', 16).attr('text-anchor', 'middle').text(text);
    if (label) svg.append('text').attr('class', 'quiet').attr('x', (left + right) / 2).attr('y', top + 32).attr('text-anchor', 'middle').text(label);
  };

  /** Moves texts apart that would lie on one another, as little as it takes. */
  shoal.spread = (labels, low, high, room = 14) => {
    labels.sort((a, b) => a.y - b.y);
    labels.forEach((l, i) => { l.y = Math.max(l.y, i > 0 ? labels[i - 1].y + room : low); });
    for (let i = labels.length - 1; i >= 0; --i) labels[i].y = Math.min(labels[i].y, i + 1 < labels.length ? labels[i + 1].y - room : high);
    return labels;
  };

  /** Many points as one path of round caps. */
  shoal.dots = points => points.map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`).join('');

  /** An array of [x, y], with null where a curve has a gap, from parallel arrays. */
  shoal.points = (x, y) => x.map((step, i) => (step === null || y[i] === null ? null : [step, y[i]]));

  const nearest = (points, x) => {
    const there = points.filter(p => p !== null);
    if (there.length === 0) return null;
    const i = d3.bisector(p => p[0]).center ? d3.bisector(p => p[0]).center(there, x) : d3.bisector(p => p[0]).left(there, x);
    const after = there[Math.min(i, there.length - 1)];
    const before = there[Math.max(0, Math.min(i, there.length - 1) - 1)];
    return Math.abs(before[0] - x) < Math.abs(after[0] - x) ? before : after;
  };

  /**
   * Curves over steps with a cursor that the mouse and the arrow keys move.
   * series: [{ name, points, colour, dash, width, opacity, label, dotted, quiet }]; quiet: not read out
   * marks: [{ step, kind, text }]
   */
  shoal.lineChart = (parent, { title, what, width, height = 260, series, marks = [], zero = false, xLabel = 'step', ring, xOf, right }) => {
    const drawn = series.filter(s => s.points.some(p => p !== null));
    const direct = width >= 640 && drawn.some(s => s.label);
    const longest = direct ? d3.max(drawn, s => (s.label || '').length) : 0;
    const margin = { top: marks.length > 0 ? 18 : 8, right: right || (direct ? Math.min(170, 14 + 6.7 * longest) : 10), bottom: 38, left: 58 };
    const all = drawn.flatMap(s => s.points.filter(p => p !== null));
    const y = shoal.valueScale(all.map(p => p[1]), [height - margin.bottom, margin.top], { zero });
    const xs = xOf || d3.extent(all, p => p[0]);
    const [first, last] = xs[0] === xs[1] ? [xs[0] - 1, xs[1] + 1] : xs;
    const x = d3.scaleLinear([first, last], [margin.left, width - margin.right]);
    const { box, svg, readout } = shoal.figure(parent, { title, scale: [what, y.log ? 'log scale' : ''].filter(Boolean).join(', '), width, height });
    shoal.axisLeft(svg, y, margin.left, width - margin.right);
    const ticks = x.ticks(Math.max(2, Math.min(8, width / 110))).filter(t => Number.isInteger(t) && t >= xs[0] && t <= xs[1]);
    shoal.axisBottom(svg, { ticks, at: x, text: shoal.stepText, label: xLabel, top: height - margin.bottom, left: margin.left, right: width - margin.right });

    let labelled = -Infinity;
    marks.forEach((mark, i) => {
      const at = Math.round(x(Math.min(Math.max(mark.step, first), last))) + 0.5;
      svg.append('line').attr('class', `mark ${mark.kind}`).attr('x1', at).attr('x2', at).attr('y1', margin.top).attr('y2', height - margin.bottom);
      if (at - labelled < 16) return;
      labelled = at;
      svg.append('text').attr('class', 'quiet').attr('x', at).attr('y', margin.top - 5).attr('text-anchor', 'middle').text(i + 1);
    });

    const line = d3.line().defined(p => p !== null).x(p => x(p[0])).y(p => y.at(p[1]));
    drawn.forEach(s => {
      const count = s.points.filter(p => p !== null).length;
      svg.append('path').datum(s.points).attr('class', 'curve').attr('data-series', s.name).attr('d', line)
        .style('stroke', s.colour).style('stroke-width', count === 1 ? 6 : s.width || 1.75)
        .style('stroke-opacity', s.opacity || 1).style('stroke-dasharray', s.dash || null);
      if (s.dotted && count <= 60)
        svg.append('path').attr('class', 'dots').style('stroke', s.colour).style('stroke-width', 5)
          .attr('d', shoal.dots(s.points.filter(p => p !== null).map(p => [x(p[0]), y.at(p[1])])));
    });
    if (ring) svg.append('circle').attr('cx', x(ring[0])).attr('cy', y.at(ring[1])).attr('r', 6).style('fill', 'none').style('stroke', 'var(--second)').style('stroke-width', 2);

    if (direct) {
      // Beside the end of its curve, which may have ended early.
      const labels = drawn.filter(s => s.label).map(s => s.points.filter(p => p !== null).slice(-1)[0]).map((end, i) => ({ s: drawn.filter(s => s.label)[i], x: (x(end[0]) > 0.85 * width - margin.right ? width - margin.right : x(end[0])) + 8, y: y.at(end[1]) }));
      shoal.spread(labels, margin.top + 4, height - margin.bottom).forEach(l => {
        svg.append('text').attr('class', 'halo').attr('x', l.x).attr('y', l.y).attr('dy', '0.32em').style('fill', l.s.colour).text(l.s.label);
      });
    } else {
      const legend = document.createElement('ul');
      legend.className = 'legend';
      drawn.filter(s => s.label).forEach(s => {
        const item = shoal.add(legend, 'li');
        d3.select(item).append('svg').attr('width', 22).attr('height', 8).style('display', 'inline').attr('aria-hidden', 'true').append('line')
          .attr('x1', 0).attr('x2', 22).attr('y1', 4).attr('y2', 4).style('stroke', s.colour).style('stroke-width', 2.5).style('stroke-dasharray', s.dash || null);
        item.append(s.label);
      });
      if (legend.childElementCount > 0) readout.before(legend);
    }

    const stops = Array.from(new Set(drawn.filter(s => !s.quiet).flatMap(s => s.points.filter(p => p !== null).map(p => p[0])))).sort(d3.ascending);
    if (stops.length === 0) return box;
    const cursor = svg.append('line').attr('class', 'cursor').attr('y1', margin.top).attr('y2', height - margin.bottom).style('display', 'none');
    const catcher = svg.append('rect').attr('class', 'catch').attr('x', margin.left).attr('y', margin.top)
      .attr('width', width - margin.left - margin.right).attr('height', height - margin.top - margin.bottom)
      .attr('tabindex', 0).attr('role', 'slider').attr('aria-label', `${title}: ${xLabel}`)
      .attr('aria-valuemin', stops[0]).attr('aria-valuemax', stops[stops.length - 1]).attr('aria-valuenow', stops[stops.length - 1]);
    let at = stops.length - 1;
    const describe = step => {
      const parts = drawn.filter(s => !s.quiet).map(s => [s, nearest(s.points, step)]).filter(([, p]) => p !== null)
        .map(([s, p]) => `${s.name} ${shoal.number(p[1])}${p[0] === step ? '' : ` (at ${shoal.count(p[0])})`}`);
      marks.filter(m => m.step === step).forEach(m => parts.push(m.text));
      return `${xLabel} ${shoal.count(step)}: ${parts.join(', ')}`;
    };
    const show = i => {
      at = Math.max(0, Math.min(stops.length - 1, i));
      const text = describe(stops[at]);
      cursor.style('display', null).attr('x1', x(stops[at])).attr('x2', x(stops[at]));
      readout.textContent = text;
      catcher.attr('aria-valuenow', stops[at]).attr('aria-valuetext', text);
    };
    const hide = () => { cursor.style('display', 'none'); readout.textContent = ''; };
    catcher.attr('aria-valuetext', describe(stops[at]))
      .on('mousemove', function () { show(d3.bisectLeft(stops, x.invert(d3.mouse(this)[0]))); })
      .on('mouseleave', hide).on('focus', () => show(at)).on('blur', hide)
      .on('keydown', () => {
        const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -Math.ceil(stops.length / 10), PageUp: Math.ceil(stops.length / 10), Home: -stops.length, End: stops.length }[d3.event.key];
        if (by === undefined) return;
        d3.event.preventDefault();
        show(at + by);
      });
    return box;
  };
})();
