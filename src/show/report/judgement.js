// What a model makes of data: confusion, calibration, true against predicted.
(() => {
  const shaded = (share, most = 55) => `color-mix(in srgb, var(--first) ${(most * share).toFixed(0)}%, var(--paper))`;

  /** Shades the table of the page, where there is one; else draws the matrix. */
  const confusion = (parent, judgement, width) => {
    const table = document.getElementById('confusion');
    const sums = judgement.confusion.map(row => d3.sum(row) || 1);
    if (table) {
      Array.from(table.tBodies[0].rows).forEach((row, r) => Array.from(row.cells).slice(1).forEach((cell, c) => {
        cell.style.background = shaded(judgement.confusion[r][c] / sums[r]);
        if (judgement.confusion[r][c] === 0) cell.style.color = 'var(--quiet)';
      }));
      return;
    }
    const n = judgement.classes.length;
    const side = Math.min(width, 460);
    const { svg } = shoal.figure(parent, { title: 'Confusion', scale: 'true class down, taken for across; shade: share of the true class', label: 'Confusion matrix', width: side, height: side });
    const at = d3.scaleLinear([0, n], [4, side - 4]);
    svg.append('rect').attr('class', 'axis').attr('x', 4).attr('y', 4).attr('width', side - 8).attr('height', side - 8);
    judgement.confusion.forEach((row, r) => row.forEach((weight, c) => {
      if (weight === 0) return;
      svg.append('rect').attr('x', at(c)).attr('y', at(r)).attr('width', at(1) - at(0)).attr('height', at(1) - at(0))
        .style('fill', shaded(Math.max(0.12, Math.sqrt(weight / sums[r])), 100))
        .append('title').text(`${judgement.classes[r].name} taken for ${judgement.classes[c].name}: ${shoal.number(weight)}`);
    }));
  };

  const calibration = (parent, judgement, width) => {
    const bins = judgement.calibration;
    const side = Math.min(width, 420);
    const margin = { left: 48, right: 12, top: 8, bottom: 40, below: 60 };
    const height = side - margin.left - margin.right + margin.top + margin.bottom + margin.below;
    const { svg } = shoal.figure(parent, { title: 'Calibration', scale: 'how often the label was right, by how sure the model was; area: rows', label: 'Calibration', width: side, height });
    const x = d3.scaleLinear([0, 1], [margin.left, side - margin.right]);
    const y = d3.scaleLinear([0, 1], [height - margin.bottom - margin.below, margin.top]);
    shoal.axisLeft(svg, { at: y, ticks: y.ticks(5), text: y.tickFormat(5) }, margin.left, side - margin.right);
    svg.append('line').attr('class', 'diagonal').attr('x1', x(0)).attr('x2', x(1)).attr('y1', y(0)).attr('y2', y(1));
    const there = bins.filter(b => b[0] > 0);
    svg.append('path').attr('class', 'curve').attr('d', d3.line()(there.map(b => [x(b[1]), y(b[2])]))).style('stroke', 'var(--first)').style('stroke-opacity', 0.5);
    const radius = d3.scaleSqrt([0, d3.max(there, b => b[0])], [1.5, 7]);
    svg.append('g').selectAll('circle').data(there).enter().append('circle').attr('cx', b => x(b[1])).attr('cy', b => y(b[2])).attr('r', b => radius(b[0])).style('fill', 'var(--first)')
      .append('title').text(b => `${shoal.number(b[0])} rows: sure by ${b[1].toFixed(2)}, right in ${b[2].toFixed(2)}`);
    const total = d3.sum(bins, b => b[0]);
    const high = d3.scaleLinear([0, d3.max(bins, b => b[0])], [0, margin.below - 16]);
    const floor = height - margin.bottom;
    svg.append('g').selectAll('rect').data(bins).enter().append('rect').attr('x', (_, i) => x(i / bins.length) + 1).attr('width', x(1 / bins.length) - x(0) - 2)
      .attr('y', b => floor - high(b[0])).attr('height', b => high(b[0])).style('fill', 'var(--faint)');
    const most = bins.reduce((a, b, i) => (b[0] > bins[a][0] ? i : a), 0);
    const left = most > bins.length / 2;
    svg.append('text').attr('class', 'quiet').attr('x', left ? x(most / bins.length) - 6 : x((most + 1) / bins.length) + 6).attr('y', floor - margin.below + 30).attr('text-anchor', left ? 'end' : 'start')
      .text(`${d3.format('.0%')(bins[most][0] / total)} of the rows`);
    shoal.axisBottom(svg, { ticks: x.ticks(5), at: x, text: x.tickFormat(5), label: 'confidence of the label', top: floor, left: x(0), right: x(1) });
  };

  const against = (parent, output, width) => {
    const side = Math.min(width, 420);
    const margin = { left: 62, right: 12, top: 8, bottom: 40 };
    const height = side - margin.left - margin.right + margin.top + margin.bottom;
    const { svg } = shoal.figure(parent, { title: output.name, scale: `predicted against true; RMSE ${shoal.number(output.rmse)}${output.r2 === null ? '' : `, R\u00b2 ${shoal.number(output.r2)}`}`, label: `${output.name}: predicted against true`, width: side, height });
    const room = output.high === output.low ? 1 : 0;
    const x = d3.scaleLinear([output.low - room, output.high + room], [margin.left, side - margin.right]);
    const y = d3.scaleLinear([output.low - room, output.high + room], [height - margin.bottom, margin.top]);
    shoal.axisLeft(svg, { at: y, ticks: y.ticks(5), text: y.tickFormat(5) }, margin.left, side - margin.right);
    svg.append('line').attr('class', 'diagonal').attr('x1', x.range()[0]).attr('x2', x.range()[1]).attr('y1', y.range()[0]).attr('y2', y.range()[1]);
    const square = (side - margin.left - margin.right) / output.side;
    const most = d3.max(output.squares, s => s[2]);
    const size = d3.scaleSqrt([0, most], [1.5, square * 1.1]);
    const value = i => output.low + (i + 0.5) * (output.high - output.low) / output.side;
    svg.append('g').selectAll('rect').data(output.squares).enter().append('rect')
      .attr('x', s => x(value(s[0])) - size(s[2]) / 2).attr('y', s => y(value(s[1])) - size(s[2]) / 2).attr('width', s => size(s[2])).attr('height', s => size(s[2]))
      .style('fill', 'var(--first)').style('fill-opacity', 0.75);
    shoal.axisBottom(svg, { ticks: x.ticks(5), at: x, text: x.tickFormat(5), label: `true; area: rows, at most ${shoal.number(most)} a square`, top: height - margin.bottom, left: margin.left, right: side - margin.right });
  };

  shoal.drawJudgement = (element, judgement, width) => {
    if (judgement.absent) return;
    const box = shoal.add(element, 'div', '', 'pair');
    const half = width >= 880 ? (width - 32) / 2 : width;
    if (judgement.confusion) confusion(box, judgement, half);
    if (judgement.calibration && judgement.calibration.length > 0) calibration(box, judgement, half);
    (judgement.outputs || []).forEach(output => against(box, output, half));
  };
})();
