// The page of `shoal serve`: asks for what is new, and sends nudges. The link is #TOKEN, or #TOKEN/NAME of a run.
(() => {
  const byId = id => document.getElementById(id);
  const betweenAnswers = 1000;
  const say = (element, text, refused = false) => {
    if (element.textContent !== text) element.textContent = text;
    element.classList.toggle('refused', refused);
  };

  // ---- asking

  const token = () => location.hash.slice(1).split('/')[0];
  const chosen = () => {
    const [, ...name] = location.hash.slice(1).split('/');
    return name.length > 0 ? decodeURIComponent(name.join('/')) : null;
  };
  const linkTo = name => `#${token()}${name === null ? '' : `/${encodeURIComponent(name)}`}`;

  /** The answer's JSON. Throws an Error with what the server says, or with `gone` where it does not answer. */
  const ask = async (path, body) => {
    const how = { headers: { 'X-Shoal-Token': token() }, cache: 'no-store' };
    if (body !== undefined) {
      how.method = 'POST';
      how.headers['Content-Type'] = 'application/json';
      how.body = JSON.stringify(body);
    }
    let answer;
    try {
      answer = await fetch(path, how);
    } catch {
      throw Object.assign(new Error('shoal serve does not answer; it has ended, or the tunnel to it has'), { gone: true });
    }
    const said = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(said.error), { status: answer.status });
    return said;
  };

  // ---- the list

  const runs = new Map();  // by name: what the server says, and the row
  let version = 0;
  let readOnly = false;
  let folder = 'shoal';

  const number = value => shoal.number(value);
  const ago = seconds => {
    const past = Math.max(0, Date.now() / 1000 - seconds);
    if (past < 90) return `${Math.round(past)} s ago`;
    if (past < 5400) return `${Math.round(past / 60)} min ago`;
    if (past < 129600) return `${Math.round(past / 3600)} h ago`;
    return `${Math.round(past / 86400)} days ago`;
  };
  const stateOf = run => (run.unreadable ? 'cannot be read' : run.paused ? 'paused' : run.under_way ? 'under way' : 'ended');
  const share = run => {
    const planned = run.planned || {};
    if (run.trainings) return run.done / run.trainings;
    if (planned.steps && run.step) return Math.min(1, run.step / planned.steps);
    return planned.epochs && run.epoch ? Math.min(1, (run.under_way ? run.epoch - 1 : run.epoch) / planned.epochs) : 0;
  };
  const progress = run => {
    if (run.kind === 'sweep') return run.trainings ? `${shoal.count(run.done)} of ${shoal.count(run.trainings)} trainings` : 'sweep';
    const planned = run.planned || {};
    if (!run.step) return 'no step yet';
    return planned.steps ? `step ${shoal.count(run.step)} of ${shoal.count(planned.steps)}` : `epoch ${shoal.count(run.epoch)} of ${shoal.count(planned.epochs || 0)}, step ${shoal.count(run.step)}`;
  };

  const drawRow = run => {
    if (!run.row) {
      run.row = document.createElement('tr');
      run.link = shoal.add(shoal.add(run.row, 'td'), 'a', run.name);
      run.cells = d3.range(6).map(i => shoal.add(run.row, 'td', '', [2, 3].includes(i) ? 'n' : ''));
      run.bar = shoal.add(run.cells[1], 'span', '', 'done');
      run.bar.setAttribute('aria-hidden', 'true');
      run.filled = shoal.add(run.bar, 'span');
      run.text = shoal.add(run.cells[1], 'span');
    }
    run.link.href = linkTo(run.name);
    say(run.cells[0], stateOf(run));
    run.cells[0].classList.toggle('live', run.under_way);
    run.filled.style.width = `${100 * share(run)}%`;
    say(run.text, progress(run));
    say(run.cells[2], run.loss === undefined ? '' : number(run.loss));
    const judged = run.kind === 'sweep' ? run.best : run.judged_loss;
    say(run.cells[3], judged === undefined || judged === null ? '' : number(judged));
    const metric = run.metric ? `${run.metric} ${number(run.value)}` : run.accuracy === undefined ? '' : `accuracy ${number(run.accuracy)}`;
    say(run.cells[4], run.kind === 'sweep' ? `best by ${run.metric_name || 'its metric'}` : metric);
    say(run.cells[5], run.changed ? ago(run.changed) : '');
  };

  // Those under way first, then the newest; the order stays while somebody moves in it by keyboard.
  const order = () => {
    const words = byId('find').value.toLowerCase().split(/\s+/).filter(Boolean);
    const shown = Array.from(runs.values()).filter(run => words.every(word => run.name.toLowerCase().includes(word)));
    shown.sort((a, b) => b.under_way - a.under_way || (b.changed || 0) - (a.changed || 0) || (a.name < b.name ? -1 : 1));
    const rows = byId('rows');
    if (!rows.contains(document.activeElement)) rows.replaceChildren(...shown.map(run => run.row));
    say(byId('count'), `${shoal.count(shown.length)} of ${shoal.count(runs.size)}, ${shoal.count(shown.filter(run => run.under_way).length)} under way`);
  };

  const takeRun = run => {
    const known = runs.get(run.name) || {};
    ['row', 'link', 'cells', 'bar', 'filled', 'text'].forEach(part => { run[part] = known[part]; });
    runs.set(run.name, run);
    drawRow(run);
  };

  const updateList = async () => {
    const news = await ask(`/api/runs?version=${version}`);
    if (news.version < version) {  // another server
      runs.clear();
      version = 0;
      return updateList();
    }
    version = news.version;
    readOnly = news.read_only;
    folder = news.folder;
    document.title = chosen() || `shoal ${folder}`;
    if (chosen() === null) say(byId('title'), folder);
    news.gone.forEach(name => runs.delete(name));
    news.changed.forEach(takeRun);
    if (chosen() === null) {
      runs.forEach(run => { if (run.changed) say(run.cells[5], ago(run.changed)); });
      if (news.changed.length > 0 || news.gone.length > 0) order();
    }
    return news;
  };

  // ---- one run

  let open = null;  // { name, mark, run, added, ... }

  const append = (curve, steps, values) => {
    const known = curve.step.length > 0 ? curve.step[curve.step.length - 1] : 0;
    steps.forEach((step, i) => {
      if (step <= known) return;
      curve.step.push(step);
      curve.value.push(values[i]);
      if (!curve.mean || values[i] === null) return;
      const part = curve.part || (curve.part = { sum: 0, count: 0 });
      part.sum += values[i];
      part.count += 1;
      if (part.count < curve.per_mean) return;
      curve.mean.step.push(step);
      curve.mean.value.push(part.sum / part.count);
      curve.part = null;
    });
  };

  const appendEvaluations = (run, evaluations) => evaluations.forEach(one => {
    const all = run.evaluations || (run.evaluations = { split: one.split, step: [], epoch: [], loss: [] });
    if (one.split !== all.split || one.step <= (all.step[all.step.length - 1] || 0)) return;
    const before = all.step.length;
    Object.entries(one).forEach(([name, value]) => {
      if (name === 'split') return;
      if (!all[name]) all[name] = Array(before).fill(null);
      all[name].push(value);
    });
    Object.values(all).forEach(column => { if (Array.isArray(column) && column.length === before) column.push(null); });
  });

  /** Takes what is new. True where there is something to draw. */
  const take = news => {
    open.mark = news.mark;
    if (news.sweep) {
      open.sweep = news.sweep;
      return true;
    }
    if (news.run) {
      open.run = news.run;
      open.added = 0;
    } else if (news.steps) {
      const { step } = news.steps;
      ['loss', 'learning_rate', 'samples_per_second'].forEach(name => append(open.run.curves[name], step, news.steps[name]));
      appendEvaluations(open.run, news.evaluations);
      if (step.length > 0) open.run.step = step[step.length - 1];
      open.run.best = news.best;
      open.added += step.length;
    }
    let changed = news.run !== undefined || (news.steps && (news.steps.step.length > 0 || news.evaluations.length > 0));
    if (news.nudges) {
      const marks = open.run.marks.filter(mark => mark.kind !== 'nudge').concat(news.nudges.map(nudge => ({ ...nudge, kind: 'nudge' })));
      changed = changed || marks.length !== open.run.marks.length;
      open.run.marks = marks.sort((a, b) => a.step - b.step);
    }
    if (news.keys) drawKeys(news.keys);
    // A curve of ever more points is thinned again by the server, which reads the whole run for it: the longer that is,
    // the more seldom, as far as a page can draw what has come meanwhile.
    if (open.added > Math.max(2000, open.run ? Math.min(open.run.step / 5, 40000) : 0)) open.mark = '';
    return changed;
  };

  const rowsInto = (table, head, rows) => {
    table.replaceChildren();
    if (head) {
      const line = shoal.add(shoal.add(table, 'thead'), 'tr');
      head.forEach(text => { shoal.add(line, 'th', text).scope = 'col'; });
    }
    const body = shoal.add(table, 'tbody');
    rows.forEach(row => {
      const line = shoal.add(body, 'tr');
      row.forEach((text, i) => {
        const cell = shoal.add(line, i === 0 ? 'th' : 'td', text);
        if (i === 0) cell.scope = 'row';
      });
    });
  };

  const drawTables = shown => {
    rowsInto(byId('facts'), null, shown.facts || []);
    const commands = byId('commands');
    commands.replaceChildren();
    (shown.commands || []).forEach(([line, what]) => {
      shoal.add(commands, 'p', what);
      shoal.add(commands, 'pre', line).tabIndex = 0;
    });
    rowsInto(byId('config'), ['Key', 'Value', 'Default', 'Now'],
      (shown.config || []).filter(row => row.value !== row.default || row.now !== undefined).map(row => [row.key, row.value, row.default, row.now || '']));
  };

  const drawState = run => {
    if (!run) return;
    const parts = [stateOf(run), progress(run)];
    if (run.loss !== undefined) parts.push(`loss ${number(run.loss)}`);
    if (run.judged_loss !== undefined) parts.push(`${run.split} loss ${number(run.judged_loss)}`);
    if (run.accuracy !== undefined) parts.push(`accuracy ${number(run.accuracy)}`);
    if (run.unreadable) parts.push(run.unreadable);
    say(byId('state'), parts.join(' \u00b7 '));
    byId('controls').hidden = readOnly || !run.under_way || run.kind === 'sweep';
    say(byId('pause'), run.paused ? 'Let it go on' : 'Pause this run');
    byId('pause').dataset.asks = run.paused ? '/api/go-on' : '/api/pause';
  };

  // Who points at a chart or walks along it by keyboard is not interrupted.
  const inUse = element => element.matches(':hover') || element.contains(document.activeElement);
  const draw = () => {
    const charts = byId('charts');
    if (!open.stale || (open.drawn && inUse(charts))) return;
    open.stale = false;
    if (open.sweep) shoal.drawSweep(charts, open.sweep);
    if (open.run) shoal.drawRun(charts, open.run);
    if (!open.drawn || open.tables) drawTables(open.sweep || open.run);
    open.tables = false;
    open.drawn = true;
  };

  const updateOne = async () => {
    const { name } = open;
    const news = await ask(`/api/run?name=${encodeURIComponent(name)}&from=${encodeURIComponent(open.mark)}`);
    if (!open || open.name !== name) return;
    open.tables = open.tables || news.run !== undefined || news.sweep !== undefined;
    if (news.summary) takeRun(news.summary);
    open.stale = take(news) || open.stale;
    drawState(runs.get(name));
    draw();
  };

  // ---- nudges

  const keys = new Map();  // by name: { field, slider, known }

  /** How a slider goes over the values of a key: [from, to] of its places, and between places and values. */
  const reach = key => {
    if (key.least === 0 && key.most !== undefined && key.most <= 1) {
      if (key.value < 0.9 || key.most < 0.999) return { scale: 'linear', low: 0, high: 0.99 * key.most, stride: key.most / 100, place: v => v, value: p => p };
      return { scale: 'log scale of what is left to 1', low: 0, high: 5, stride: 0.05, place: v => -Math.log10(1 - v), value: p => 1 - 10 ** -p };
    }
    if (!(key.value > 0)) return null;
    const at = Math.log10(key.value);
    return { scale: 'log scale', low: at - 2, high: at + 2, stride: 0.05, place: v => Math.log10(v), value: p => 10 ** p };
  };
  const shortest = (value, scale) => String(Number(scale.startsWith('log scale of') ? (1 - Number((1 - value).toPrecision(3))).toPrecision(8) : value.toPrecision(3)));
  const texted = value => (typeof value === 'string' ? value : String(value));
  const valueOf = entry => (entry.field.type === 'checkbox' ? String(entry.field.checked) : entry.field.value.trim());
  const touch = entry => entry.row.classList.toggle('touched', valueOf(entry) !== entry.known);
  const slideTo = entry => {
    if (!entry.slider) return;
    const place = entry.reach.place(Number(entry.field.value));
    if (Number.isFinite(place)) entry.slider.value = place;
    entry.slider.setAttribute('aria-valuetext', entry.field.value);
  };
  const fill = (entry, value) => {
    entry.known = texted(value);
    if (entry.field.type === 'checkbox') {
      entry.field.checked = value === true;
    } else {
      entry.field.value = entry.known;
    }
    slideTo(entry);
    touch(entry);
  };

  const addKey = (parent, key) => {
    const row = shoal.add(parent, 'div', '', 'key');
    const id = `key-${key.key}`;
    const label = shoal.add(row, 'label', key.key);
    label.htmlFor = id;
    const entry = { row, known: '' };
    const range = key.type === 'number' ? reach(key) : null;
    if (range) {
      entry.reach = range;
      entry.slider = shoal.add(row, 'input');
      Object.assign(entry.slider, { type: 'range', min: range.low, max: range.high, step: 'any' });
      entry.slider.setAttribute('aria-label', `${key.key}, ${range.scale}`);
      entry.slider.addEventListener('input', () => {
        entry.field.value = shortest(range.value(Number(entry.slider.value)), range.scale);
        entry.slider.setAttribute('aria-valuetext', entry.field.value);
        touch(entry);
      });
      // By keyboard, twentieths of a power of ten, or hundredths of the way.
      entry.slider.addEventListener('keydown', event => {
        const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
        if (way === undefined) return;
        event.preventDefault();
        entry.slider.value = Number(entry.slider.value) + way * range.stride;
        entry.slider.dispatchEvent(new Event('input'));
      });
    }
    entry.field = shoal.add(row, key.words ? 'select' : 'input', '', 'last');
    if (key.words) key.words.forEach(word => { shoal.add(entry.field, 'option', word); });
    if (key.type === 'flag') entry.field.type = 'checkbox';
    entry.field.id = id;
    entry.field.title = key.idle ? `${key.expected}; now it ${key.idle}` : key.expected;
    entry.field.addEventListener('input', () => { slideTo(entry); touch(entry); });
    return entry;
  };

  const drawKeys = all => all.forEach(key => {
    let entry = keys.get(key.key);
    if (entry && entry.idle !== Boolean(key.idle) && !entry.row.classList.contains('touched')) {
      entry.row.remove();
      entry = null;
    }
    if (!entry) {
      entry = addKey(byId(key.idle ? 'idle' : 'keys'), key);
      entry.idle = Boolean(key.idle);
      keys.set(key.key, entry);
      fill(entry, key.value);
    } else if (texted(key.value) !== entry.known && !entry.row.classList.contains('touched')) {
      fill(entry, key.value);
    }
  });

  // An answer is of the run that was asked; another may be open by then.
  const stillAt = name => () => open !== null && open.name === name;

  const nudge = async event => {
    event.preventDefault();
    const answer = byId('answer');
    const touched = Array.from(keys).filter(([, entry]) => entry.row.classList.contains('touched'));
    const settings = touched.map(([name, entry]) => `${name}=${valueOf(entry)}`);
    if (settings.length === 0) {
      say(answer, 'Change a value first.', true);
      return;
    }
    const body = { name: open.name, settings };
    const here = stillAt(body.name);
    const at = byId('at').value.trim();
    if (at !== '') {
      body.at_step = Number(at);
      if (!Number.isInteger(body.at_step)) {
        say(answer, `"${at}" is no step; use a whole number, or nothing for the next.`, true);
        return;
      }
    }
    say(answer, 'Waiting for the run \u2026');
    try {
      const said = await ask('/api/nudge', body);
      if (!here()) return;
      say(answer, said.nudges.map(one => `${one.assignment} from step ${shoal.count(one.step)} on`).concat(said.notes).join('\n'));
      touched.forEach(([, entry]) => {
        entry.known = valueOf(entry);
        touch(entry);
      });
    } catch (error) {
      if (here()) say(answer, error.message, true);
    }
  };

  const wish = async path => {
    const { name } = open;
    const here = stillAt(name);
    byId('sure').hidden = true;
    say(byId('stopped'), 'Waiting for the run \u2026');
    try {
      const { said } = await ask(path, { name });
      if (here()) say(byId('stopped'), said);
      await updateList();
    } catch (error) {
      if (here()) say(byId('stopped'), error.message, true);
    }
  };

  // ---- the two views

  const show = () => {
    const name = chosen();
    byId('list').hidden = name !== null;
    byId('one').hidden = name === null;
    byId('back').href = linkTo(null);
    if (name === null) {
      open = null;
      say(byId('title'), folder);
      order();
    } else if (!open || open.name !== name) {
      open = { name, mark: '', added: 0, turns: 0 };
      keys.clear();
      // A new element: the one before is drawn again whenever its width changes.
      const charts = document.createElement('div');
      charts.id = 'charts';
      charts.addEventListener('pointerleave', () => { if (open) draw(); });
      byId('charts').replaceWith(charts);
      ['keys', 'idle', 'facts', 'commands', 'config'].forEach(id => byId(id).replaceChildren());
      ['state', 'answer', 'stopped'].forEach(id => say(byId(id), ''));
      byId('controls').hidden = true;
      byId('sure').hidden = true;
      say(byId('title'), name);
      drawState(runs.get(name));
    }
    byId('title').focus({ preventScroll: true });
  };

  let timer = 0;
  const turn = async () => {
    clearTimeout(timer);
    let next = betweenAnswers;
    if (document.hidden) next = 10 * betweenAnswers;
    try {
      // With one run open, the list is looked at now and then.
      if (chosen() === null || !open || open.turns % 5 === 0) await updateList();
      if (chosen() !== null) {
        // A sweep comes as a whole.
        if (!open.sweep || open.turns % 5 === 0) await updateOne();
        if (open) open.turns += 1;
      }
      say(byId('trouble'), '');
    } catch (error) {
      say(byId('trouble'), error.message);
      next = error.gone || error.status === 401 ? 5 * betweenAnswers : 2 * betweenAnswers;
    }
    clearTimeout(timer);
    timer = setTimeout(turn, next);
  };

  byId('find').addEventListener('input', order);
  byId('nudge').addEventListener('submit', nudge);
  byId('nudge').addEventListener('reset', event => {
    event.preventDefault();
    keys.forEach(entry => fill(entry, entry.field.type === 'checkbox' ? entry.known === 'true' : entry.known));
    byId('at').value = '';
    say(byId('answer'), '');
  });
  byId('stop').addEventListener('click', () => {
    byId('sure').hidden = false;
    byId('no').focus();
  });
  byId('no').addEventListener('click', () => {
    byId('sure').hidden = true;
    byId('stop').focus();
  });
  byId('yes').addEventListener('click', () => wish('/api/stop'));
  byId('pause').addEventListener('click', () => wish(byId('pause').dataset.asks));
  addEventListener('hashchange', () => { show(); turn(); });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) turn(); });
  show();
  turn();
})();
