'use strict';

// The page of a report: its data is in the element #data.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const charts = document.getElementById('charts');
  if (data.sweep) {
    shoal.drawSweep(charts, data.sweep);
  } else if (data.runs.length === 1) {
    shoal.drawRun(charts, data.runs[0]);
  } else {
    shoal.drawRuns(charts, data.runs);
  }
})();
