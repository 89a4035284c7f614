// A sweep: all its charts show the same trials in the same colours, and what one selects all select.
(() => {
  const most = { lit: 8, brushed: 20, bundles: 24 };

  /** The trials of a view in layers: those apart, those selected, those lit, and the one that is looked at. pathOf(t): of a trial. */
  shoal.trialLayers = (back, front, view, pathOf, kind) => {
    const many = view.trials.length > 100;
    const thin = kind !== 'dots' ? 1 : many ? 4 : 6;
    const bundled = trials => {
      const bundles = d3.range(Math.min(most.bundles, trials.length)).map(() => []);
      trials.forEach((t, i) => bundles[i % bundles.length].push(pathOf(t)));
      return bundles.map(b => b.join(''));
    };
    const layer = (g, name, paths, stroke, width, opacity) => {
      const made = g.selectAll(`path.${name}`).data(paths);
      made.exit().remove();
      made.enter().append('path').attr('class', `${name} curve`).merge(made).attr('d', p => p).style('stroke', stroke).style('stroke-width', width).style('stroke-opacity', opacity);
    };
    const selected = view.trials.filter(t => view.selected.has(t.trial));
    layer(back, 'apart', bundled(view.trials.filter(t => !view.selected.has(t.trial))), 'var(--faint)', thin, !many ? 1 : kind === 'dots' ? 0.5 : 0.18);
    layer(back, 'selected', bundled(selected.filter(t => !t.lit)), 'var(--quiet)', kind === 'dots' ? thin + 1 : 1.25, selected.length > 100 ? 0.5 : 0.85);
    const lit = front.selectAll('path.lit').data(selected.filter(t => t.lit).reverse(), t => t.trial);
    lit.exit().remove();
    lit.enter().append('path').attr('class', 'lit curve').attr('data-trial', t => t.trial).merge(lit).attr('d', pathOf).style('stroke', t => t.lit).style('stroke-width', kind === 'dots' ? 8 : 2.25);
    layer(front, 'looked', view.focus ? [pathOf(view.focus)] : [], view.focus && view.focus.lit ? view.focus.lit : 'var(--ink)', kind === 'dots' ? 11 : 4, 1);
  };

  const caviar = (parent, sweep, view, { width, look }) => {
    const height = 360;
    const margin = { top: 8, right: 106, bottom: 38, left: 58 };
    const points = t => shoal.points(t.curve[0], t.curve[1]);
    const all = view.trials.flatMap(points);
    const y = shoal.valueScale(all.map(p => p[1]), [height - margin.bottom, margin.top]);
    const ends = d3.extent(all, p => p[0]);
    const x = d3.scaleLinear(ends[0] === ends[1] ? [ends[0] - 1, ends[1] + 1] : ends, [margin.left, width - margin.right]);
    const { svg } = shoal.figure(parent, {
      title: `${sweep.metric.name} of all trials`, scale: [y.log ? 'log scale' : '', `${sweep.metric.higher_is_better ? 'higher' : 'lower'} is better`].filter(Boolean).join(', '), width, height,
    });
    shoal.axisLeft(svg, y, margin.left, width - margin.right);
    const ticks = x.ticks(Math.max(2, Math.min(8, width / 110))).filter(t => Number.isInteger(t) && t >= ends[0] && t <= ends[1]);
    shoal.axisBottom(svg, { ticks, at: x, text: shoal.stepText, label: 'epoch', top: height - margin.bottom, left: margin.left, right: width - margin.right });
    const line = d3.line().x(p => x(p[0])).y(p => y.at(p[1]));
    // One point alone would be a line of no length: a cap that is seen.
    view.trials.forEach(t => { t.course = t.curve[0].length === 1 ? shoal.dots(points(t).map(p => [x(p[0]), y.at(p[1])])) : line(points(t)) || ''; });
    const back = svg.append('g');
    const front = svg.append('g');
    const labels = svg.append('g');
    svg.append('rect').attr('class', 'catch').style('cursor', 'default').attr('x', margin.left).attr('y', margin.top).attr('width', width - margin.left - margin.right).attr('height', height - margin.top - margin.bottom)
      .on('mousemove', function () {
        const [mx, my] = d3.mouse(this);
        let found = null;
        let closest = 14;
        view.trials.forEach(t => {
          const i = Math.max(1, d3.bisectLeft(t.curve[0], x.invert(mx)));
          const [a, b] = [Math.min(i - 1, t.curve[0].length - 1), Math.min(i, t.curve[0].length - 1)];
          const [xa, xb, ya, yb] = [x(t.curve[0][a]), x(t.curve[0][b]), y.at(t.curve[1][a]), y.at(t.curve[1][b])];
          const share = xb > xa ? Math.max(0, Math.min(1, (mx - xa) / (xb - xa))) : 0;
          const off = Math.hypot(ya + share * (yb - ya) - my, Math.max(0, mx - xb)) - (t.lit ? 2 : 0);
          if (off < closest) closest = off, found = t;
        });
        look(found);
      }).on('mouseleave', () => look(null));
    return () => {
      shoal.trialLayers(back, front, view, t => t.course, 'L');
      const lit = view.trials.filter(t => t.lit && view.selected.has(t.trial))
        .map(t => ({ t, y: y.at(t.curve[1][t.curve[1].length - 1]) }));
      const names = labels.selectAll('text').data(shoal.spread(lit, margin.top + 6, height - margin.bottom));
      names.exit().remove();
      names.enter().append('text').merge(names).attr('x', width - margin.right + 8).attr('y', l => l.y).attr('dy', '0.32em').style('fill', l => l.t.lit).text(l => `#${l.t.trial} ${shoal.number(l.t.score)}`);
    };
  };

  /** Numbers in a cell with choices side by side, always the same for a trial. */
  const jitter = trial => ((trial * 0.618034) % 1) - 0.5;

  const slices = (parent, sweep, view, { width, look }) => {
    const box = shoal.add(parent, 'div', '', 'small');
    const columns = Math.max(1, Math.floor((width + 20) / 290));
    const each = (width - 20 * (columns - 1)) / columns;
    const height = 200;
    const margin = { top: 8, right: 10, bottom: 30, left: 52 };
    const y = shoal.valueScale(view.trials.map(t => t.score), [height - margin.bottom, margin.top]);
    return view.axes.filter(a => a.dimension).map(axis => {
      const { svg } = shoal.figure(box, { title: axis.key, scale: axis.scale.note ? `(${axis.scale.note})` : '', label: `${sweep.metric.name} by ${axis.key}`, width: each, height });
      shoal.axisLeft(svg, y, margin.left, each - margin.right);
      const x = u => margin.left + 6 + u * (each - margin.left - margin.right - 12);
      const every = Math.ceil(axis.scale.ticks.length / Math.max(2, Math.floor(each / 60)));
      shoal.axisBottom(svg, { ticks: axis.scale.ticks.filter((_, i) => i % every === 0), at: x, text: u => axis.scale.text(u), top: height - margin.bottom, left: margin.left, right: each - margin.right });
      const share = axis.dimension.scale === 'choices' ? 0.5 / axis.dimension.choices.length : 0;
      const at = t => [x(axis.scale.place(axis.of(t)) + share * jitter(t.trial)), y.at(t.score)];
      const back = svg.append('g');
      const front = svg.append('g');
      svg.append('rect').attr('class', 'catch').style('cursor', 'default').attr('x', margin.left).attr('y', margin.top).attr('width', each - margin.left - margin.right).attr('height', height - margin.top - margin.bottom)
        .on('mousemove', function () {
          const [mx, my] = d3.mouse(this);
          const near = view.trials.map(t => [Math.hypot(at(t)[0] - mx, at(t)[1] - my), t]).reduce((a, b) => (b[0] < a[0] ? b : a), [12, null]);
          look(near[1]);
        }).on('mouseleave', () => look(null));
      return () => shoal.trialLayers(back, front, view, t => shoal.dots([at(t)]), 'dots');
    });
  };

  const importance = (parent, sweep, width) => {
    const last = key => key.split('.').slice(-1)[0];
    const pairs = sweep.pairs.filter(p => p.share >= 0.01).slice(0, 5).map(p => ({ key: p.keys.map(last).join(' \u00d7 '), share: p.share, correlation: null }));
    const known = sweep.importance.filter(i => i.share !== null).concat(pairs);
    if (known.length === 0) {
      shoal.add(parent, 'p', 'It cannot be told from so few trials.', 'note');
      return;
    }
    const row = 24;
    const { svg } = shoal.figure(parent, { title: 'Share of variance', scale: 'of the ranks of the metric; with the sign of the rank correlation', width: Math.min(width, 760), height: row * known.length + 30 });
    const left = Math.min(220, width * 0.45);
    const x = d3.scaleLinear([0, 1], [left, Math.min(width, 760) - 110]);
    known.forEach((one, i) => {
      const y = row * i + 4;
      svg.append('text').attr('x', left - 8).attr('y', y + 12).attr('text-anchor', 'end').text(width < 560 && one.key.indexOf(' ') < 0 ? last(one.key) : one.key);
      svg.append('rect').attr('x', left).attr('y', y + 2).attr('height', row - 9).attr('width', Math.max(1, x(Math.max(0, one.share)) - left)).style('fill', 'var(--first)');
      const sign = one.correlation === null ? '' : `, correlation ${one.correlation < 0 ? '\u2212' : '+'}${Math.abs(one.correlation).toFixed(2)}`;
      svg.append('text').attr('x', x(Math.max(0, one.share)) + 6).attr('y', y + 12).text(`${one.share.toFixed(2)}${width < 560 ? '' : sign}`);
    });
    shoal.axisBottom(svg, { ticks: [0, 0.5, 1], at: x, text: d3.format('.1f'), top: row * known.length + 4, left, right: x(1) });
  };

  const boxes = (parent, sweep, view, width) => {
    const box = shoal.add(parent, 'div', '', 'small');
    const columns = Math.max(1, Math.floor((width + 20) / 290));
    const each = (width - 20 * (columns - 1)) / columns;
    const row = 40;
    const height = row * sweep.rounds + 24;
    return view.axes.filter(a => a.dimension).map(axis => {
      const { svg } = shoal.figure(box, { title: axis.key, scale: axis.scale.note ? `(${axis.scale.note})` : '', label: `Where each round searched ${axis.key}`, width: each, height });
      const x = u => 62 + u * (each - 78);
      const every = Math.ceil(axis.scale.ticks.length / Math.max(2, Math.floor(each / 60)));
      d3.range(sweep.rounds).forEach(round => {
        svg.append('text').attr('class', 'quiet').attr('x', 0).attr('y', row * round + 22).text(`round ${round + 1}`);
        const everywhere = round === 0 || axis.dimension.scale === 'choices';
        const drawn = everywhere ? [{ low: null, width: 1 }] : sweep.boxes.filter(b => b.round === round);
        drawn.forEach(b => {
          const low = b.low === null ? 0 : b.low[axis.index];
          svg.append('rect').attr('x', x(low)).attr('width', Math.max(1, x(low + b.width) - x(low))).attr('y', row * round + 4).attr('height', row - 12)
            .style('fill', 'var(--first)').style('fill-opacity', b.low === null ? 0.06 : Math.max(0.05, 0.4 / Math.max(2, drawn.length))).style('stroke', 'var(--first)').style('stroke-opacity', 0.35);
        });
      });
      shoal.axisBottom(svg, { ticks: axis.scale.ticks.filter((_, i) => i % every === 0), at: x, text: u => axis.scale.text(u), top: row * sweep.rounds, left: x(0), right: x(1) });
      const back = svg.append('g');
      const front = svg.append('g');
      const share = axis.dimension.scale === 'choices' ? 0.5 / axis.dimension.choices.length : 0;
      return () => shoal.trialLayers(back, front, view, t => shoal.dots([[x(axis.scale.place(axis.of(t)) + share * jitter(t.trial)), row * t.round + 18 + 14 * jitter(3 * t.trial + 1)]]), 'dots');
    });
  };

  const cellOrder = (a, b, down) => {
    if (a === '' || b === '') return (a === '') - (b === '');  // nothing comes last
    const [x, y] = [Number(a.replace(/,/g, '')), Number(b.replace(/,/g, ''))];
    const order = Number.isNaN(x) || Number.isNaN(y) ? d3.ascending(a, b) : x - y;
    return down ? -order : order;
  };

  /** Headings become buttons that sort. */
  const sortable = table => {
    if (table.querySelector('th button')) return;
    const headings = Array.from(table.tHead.rows[0].cells);
    headings.forEach((th, column) => {
      const name = th.textContent;
      th.textContent = '';
      th.setAttribute('aria-sort', column === 0 ? 'ascending' : 'none');
      const button = shoal.add(th, 'button', name);
      button.type = 'button';
      button.addEventListener('click', () => {
        const down = th.getAttribute('aria-sort') === 'ascending';
        headings.forEach(h => h.setAttribute('aria-sort', 'none'));
        th.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        const rows = Array.from(table.tBodies[0].rows);
        const texts = new Map(rows.map(r => [r, r.cells[column].textContent.trim()]));
        rows.sort((a, b) => cellOrder(texts.get(a), texts.get(b), down)).forEach(r => table.tBodies[0].append(r));
      });
    });
  };

  /** The table of trials, where the page has one. Arrow keys go through its rows. */
  const joinTable = (view, look) => {
    const table = document.getElementById('trials');
    if (!table) return () => {};
    sortable(table);
    const rows = new Map(Array.from(table.tBodies[0].rows).map(r => [Number(r.dataset.trial), r]));
    view.trials.forEach(t => {
      const row = rows.get(t.trial);
      if (!row) return;
      if (t.lit && !row.querySelector('.key')) {
        const key = document.createElement('span');
        key.className = 'key';
        key.style.background = t.lit;
        row.cells[1].prepend(key);
      }
      row.tabIndex = -1;
      row.onmouseenter = () => look(t);
      row.onmouseleave = () => look(null);
      row.onfocus = () => look(t);
      row.onblur = () => look(null);
    });
    const first = table.tBodies[0].rows[0];
    if (first) first.tabIndex = 0;
    table.tBodies[0].onkeydown = event => {
      const row = event.target.closest('tr');
      const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
      if (!row || !step) return;
      let next = row[step];
      while (next && next.hidden) next = next[step];
      event.preventDefault();
      if (!next) return;
      row.tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    };
    return only => rows.forEach((row, trial) => {
      const apart = !view.selected.has(trial);
      row.classList.toggle('apart', apart);
      row.classList.toggle('looked-at', view.focus !== null && view.focus.trial === trial);
      row.hidden = apart && only;
    });
  };

  const brushBest = (view, score, k) => {
    view.brushes.clear();
    const places = view.trials.map(t => score.scale.place(t.score)).sort(d3.descending);
    if (k >= places.length) return;
    // Between the last of them and the next; those with equal scores are all in.
    const next = places.find(u => u < places[k - 1]);
    view.brushes.set(score.key, [next === undefined ? 0 : (places[k - 1] + next) / 2, 1]);
  };

  shoal.drawSweep = (element, sweep) => {
    // Equal trials lie on one another: the first is drawn.
    const placed = sweep.trials.filter(t => t.place !== null && t.same_as === undefined && t.curve[0].length > 0).sort((a, b) => a.place - b.place);
    const before = element.shoalView;  // what was brushed stays where the same sweep is drawn anew
    const view = {
      trials: placed.map((t, i) => Object.assign({}, t, { lit: i < most.lit ? shoal.colours[i] : null })),
      brushes: before && before.name === sweep.name ? before.brushes : null, selected: new Set(), focus: null, name: sweep.name,
      only: before && before.name === sweep.name ? before.only : false,
    };
    element.shoalView = view;
    const constant = [];
    const axes = sweep.space.map((dimension, index) => ({ key: dimension.key, dimension, index, scale: shoal.parameterScale(dimension), of: t => t.values[index] }))
      .filter(a => {
        const values = new Set(view.trials.map(a.of));
        if (values.size > 1 || view.trials.length < 2) return true;
        constant.push(`${a.key} = ${a.scale.value(Array.from(values)[0])}`);
        return false;
      });
    const score = { key: sweep.metric.name, dimension: null, scale: shoal.scoreScale(view.trials.map(t => t.score), sweep.metric.higher_is_better), of: t => t.score };
    view.axes = [...axes, score];
    const best = Math.max(1, Math.min(most.brushed, Math.max(3, Math.round(view.trials.length / 10)), view.trials.length));
    if (view.brushes === null) {
      view.brushes = new Map();
      if (view.trials.length > 3) brushBest(view, score, best);
    }

    shoal.live(element, width => {
      element.textContent = '';
      if (view.trials.length === 0) {
        shoal.add(element, 'p', 'No trial has a result yet.', 'note');
        return;
      }
      let updates = [];
      const spread = t => (t.deviation === undefined || t.deviation === null ? '' : ` \u00b1 ${shoal.number(t.deviation)}`);
      const describe = t => `#${t.trial}, place ${t.place}: ${sweep.metric.name} ${shoal.number(t.score)}${spread(t)}; ${sweep.space.map((d, i) => `${d.key} = ${shoal.parameterScale(d).value(t.values[i])}`).join(', ')}`;
      const look = t => {
        if (view.focus === t) return;
        view.focus = t;
        readout.textContent = t ? describe(t) : '';
        updates.forEach(update => update());
      };
      const controls = shoal.add(element, 'div', '', 'controls');
      const status = shoal.add(element, 'p', '', 'status');
      status.setAttribute('role', 'status');
      const readout = shoal.add(element, 'output', '', 'readout');
      const brushed = () => {
        view.selected = shoal.brushedTrials(view);
        const shown = view.trials.filter(t => view.selected.has(t.trial)).map(t => `#${t.trial}`);
        status.textContent = `${shoal.count(shown.length)} of ${shoal.count(view.trials.length)} trials brushed, from the best: ${shown.slice(0, 12).join(', ')}${shown.length > 12 ? ', \u2026' : ''}`;
        updates.forEach(update => update());
      };
      const label = shoal.add(controls, 'label', 'The best ');
      const input = shoal.add(label, 'input');
      Object.assign(input, { type: 'number', min: 1, max: view.trials.length, value: best, id: 'best' });
      input.addEventListener('input', () => {
        const k = Math.round(Number(input.value));
        if (!(k >= 1)) return;
        brushBest(view, score, k);
        brushed();
      });
      const clear = shoal.add(controls, 'button', 'All trials');
      clear.type = 'button';
      clear.addEventListener('click', () => { view.brushes.clear(); brushed(); });
      if (document.getElementById('trials')) {
        const only = shoal.add(controls, 'label', '');
        const tick = shoal.add(only, 'input');
        Object.assign(tick, { type: 'checkbox', checked: view.only, id: 'only' });
        only.append(' only these in the table');
        tick.addEventListener('change', () => { view.only = tick.checked; brushed(); });
      }

      updates.push(caviar(element, sweep, view, { width, look }));
      if (sweep.space.length > 0) {
        const parallel = shoal.section(element, 'Parallel coordinates');
        shoal.add(parallel, 'p', 'Drag along an axis, or move its handles by mouse or arrow keys, to brush; a click on the axis or Escape takes the brush away. Each axis has the scale that was searched on.', 'note');
        if (constant.length > 0) shoal.add(parallel, 'p', `Hidden, for it is the same in all trials: ${constant.join(', ')}.`, 'note');
        updates.push(shoal.parallel(parallel, view, { width, brushed: () => brushed(), look }));
        const sliced = shoal.section(element, 'Slices');
        shoal.add(sliced, 'p', `${sweep.metric.name}${score.scale.note.startsWith('log') ? ' (log scale)' : ''} at the end of each trial by each hyperparameter.`, 'note');
        updates.push(...slices(sliced, sweep, view, { width, look }));
      }
      if (sweep.boxes.length > 0) {
        const section = shoal.section(element, 'From coarse to fine');
        shoal.add(section, 'p', 'Where each round drew its trials: in boxes around the best of those before. Of choices it keeps that of the box, or, more and more seldom, takes any.', 'note');
        updates.push(...boxes(section, sweep, view, width));
      }
      if (sweep.space.length > 0 && !sweep.generations) importance(shoal.section(element, 'What mattered'), sweep, width);
      const table = joinTable(view, look);
      updates.push(() => table(view.only));
      brushed();
    });
  };
})();
