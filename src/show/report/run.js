// A run, and several over one another.
(() => {
  const markList = (parent, marks) => {
    if (marks.length === 0) return;
    const list = shoal.add(parent, 'ol', '', 'marks');
    marks.forEach(m => shoal.add(list, 'li', `step ${shoal.count(m.step)}: ${m.text}`));
  };

  // The metric beside the loss that tells most: that of train.metric, else accuracy.
  const judgedBy = evaluations => {
    const own = evaluations && Object.keys(evaluations).find(k => !['split', 'step', 'epoch', 'loss', 'accuracy'].includes(k));
    return own || (evaluations && evaluations.accuracy ? 'accuracy' : null);
  };
  const evaluated = (run, name) => (run.evaluations && run.evaluations[name] ? shoal.points(run.evaluations.step, run.evaluations[name]) : []);
  const curve = c => shoal.points(c.step, c.value);
  const course = c => (c.mean ? curve(c.mean) : curve(c));
  const at = (points, step) => points.find(p => p !== null && p[0] === step);

  const drawCurves = (element, run, width) => {
    const loss = run.curves.loss;
    const split = run.evaluations ? run.evaluations.split : '';
    const judged = evaluated(run, 'loss');
    const ring = run.best === null ? null : at(judged, run.best);
    const steps = d3.extent([...loss.step.filter(s => s !== null), ...judged.filter(p => p !== null).map(p => p[0])]);
    const xOf = steps[0] === undefined ? [0, 1] : steps;
    const batches = loss.mean
      ? [{ name: 'each batch', points: curve(loss), colour: 'var(--first)', width: 1, opacity: 0.35, label: 'each batch' },
         { name: `mean of ${loss.per_mean}`, points: course(loss), colour: 'var(--first)', width: 2.25, label: `mean of ${loss.per_mean}`, quiet: true }]
      : [{ name: 'each batch', points: curve(loss), colour: 'var(--first)', label: 'each batch' }];
    const last = judged.filter(p => p !== null).slice(-1)[0];
    const box = shoal.lineChart(element, {
      title: 'Loss', width, height: 320, marks: run.marks, ring, xOf, right: width >= 640 ? 150 : null,
      series: [...batches, { name: split, points: judged, colour: 'var(--second)', dotted: true, label: last ? `${split} ${shoal.number(last[1])}` : split }],
    });
    if (ring) shoal.add(box, 'p', `Best by ${split === 'train' ? 'the loss of training' : run.metric.name} (ring): step ${shoal.count(run.best)}, loss ${shoal.number(ring[1])} on ${split}.`, 'note');
    markList(box, run.marks);
    const metric = judgedBy(run.evaluations);
    if (metric) {
      const points = evaluated(run, metric);
      const best = run.best === null ? null : at(points, run.best);
      shoal.lineChart(element, {
        title: metric, what: `on ${split}`, width, height: 220, marks: run.marks, ring: best, xOf, right: width >= 640 ? 150 : null,
        series: [{ name: metric, points, colour: 'var(--second)', dotted: true }],
      });
    }
    const pair = shoal.add(element, 'div', '', 'pair');
    const half = width >= 880 ? (width - 32) / 2 : width;
    shoal.lineChart(pair, { title: 'Learning rate', width: half, height: 190, marks: run.marks, xOf,
      series: [{ name: 'learning rate', points: curve(run.curves.learning_rate), colour: 'var(--first)' }] });
    const pace = run.curves.samples_per_second;
    shoal.lineChart(pair, { title: 'Throughput', what: 'samples per second, without evaluation and checkpoints', width: half, height: 190, marks: run.marks, zero: true, xOf,
      series: pace.mean
        ? [{ name: 'each step', points: curve(pace), colour: 'var(--first)', width: 1, opacity: 0.35 }, { name: 'mean', points: course(pace), colour: 'var(--first)', width: 2.25, quiet: true }]
        : [{ name: 'each step', points: curve(pace), colour: 'var(--first)' }] });
  };

  shoal.drawRun = (element, run) => shoal.live(element, width => {
    element.textContent = '';
    if (run.curves.loss.step.length === 0 && !run.evaluations) {
      shoal.add(element, 'p', 'No step was recorded yet.', 'note');
      return;
    }
    drawCurves(element, run, width);
    if (run.judgement && shoal.drawJudgement) shoal.drawJudgement(element, run.judgement, width);
  });

  shoal.drawRuns = (element, runs) => shoal.live(element, width => {
    element.textContent = '';
    const over = (title, what, pointsOf, height, { zero = false, nameOf = run => run.name } = {}) => {
      const series = runs.map((run, i) => ({
        name: nameOf(run), points: pointsOf(run), colour: shoal.colours[i % shoal.colours.length], dash: shoal.dashes[i % shoal.dashes.length], label: nameOf(run),
      }));
      if (series.some(s => s.points.some(p => p !== null))) shoal.lineChart(element, { title, what, width, height, zero, series });
    };
    over('Loss in training', runs.some(r => r.curves.loss.mean) ? 'means over steps' : 'each batch', run => course(run.curves.loss), 300);
    // Of different splits the values may stand side by side, but not without a word.
    const splits = new Set(runs.filter(r => r.evaluations).map(r => r.evaluations.split));
    const on = splits.size === 1 ? `on ${Array.from(splits)[0]}` : 'on different data, as named';
    const judged = { nameOf: run => (splits.size > 1 && run.evaluations ? `${run.name} on ${run.evaluations.split}` : run.name) };
    over('Loss in evaluation', on, run => evaluated(run, 'loss'), 300, judged);
    Array.from(new Set(runs.map(r => judgedBy(r.evaluations)).filter(Boolean))).forEach(metric => over(metric, on, run => evaluated(run, metric), 240, judged));
    over('Learning rate', '', run => curve(run.curves.learning_rate), 200);
    over('Throughput', 'samples per second', run => course(run.curves.samples_per_second), 200, { zero: true });
  });
})();
