/*
 * Charts of the console. A chart is drawn from the table in its figure, in the
 * colours of the page's theme; without this file the table says the same. Pages
 * without charts do not load it (app.js).
 */
(() => {
  'use strict';

  const { AriaComponent, BarChart, CanvasRenderer, GridComponent, LegendComponent, LineChart, TooltipComponent, init, use } = window.echarts;
  use([AriaComponent, BarChart, CanvasRenderer, GridComponent, LegendComponent, LineChart, TooltipComponent]);

  const tones = { on: '--brand', lent: '--lent', warn: '--warn', danger: '--danger', plain: '--faint' };
  const drawn = new Map(); // figures and their charts
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  const darkSystem = matchMedia('(prefers-color-scheme: dark)');

  function colour(name, alpha = 1) {
    const [r, g, b] = getComputedStyle(document.documentElement).getPropertyValue(name).trim().split(/\s+/);
    return `rgba(${r}, ${g}, ${b}, ${alpha})`;
  }

  /** Reads a figure's table: categories, and series with what each value says. */
  function read(figure) {
    const rows = Array.from(figure.querySelectorAll('tbody tr'));
    const heads = Array.from(figure.querySelectorAll('thead th')).slice(1);
    return {
      categories: rows.map((row) => row.querySelector('th').textContent),
      series: heads.map((head, i) => {
        const cells = rows.map((row) => row.querySelectorAll('td')[i]);
        return {
          name: head.textContent, tone: tones[head.dataset.tone] || tones.plain, unit: head.dataset.unit,
          values: cells.map((cell) => (Number(cell.dataset.value) < 0 ? null : Number(cell.dataset.value))),
          texts: cells.map((cell) => cell.textContent),
        };
      }),
    };
  }

  /** A short figure for an axis. */
  function short(value, unit) {
    const [step, names] = unit === 'B' ? [1024, [' B', ' KB', ' MB', ' GB', ' TB']] : [1000, ['', 'k', 'M', 'G', 'T']];
    let at = 0;
    while (value >= step && at < names.length - 1) {
      value /= step;
      at += 1;
    }
    return `${Math.round(value * 10) / 10}${names[at]}${unit && unit !== 'B' ? ` ${unit}` : ''}`;
  }

  function option(kind, { categories, series }) {
    const text = { color: colour('--muted'), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 };
    const bar = kind === 'bar';
    return {
      animation: !calm.matches,
      animationDuration: 250,
      aria: { enabled: true, label: { enabled: false }, decal: { show: bar && series.length > 1 } },
      textStyle: text,
      grid: { left: 4, right: 16, top: 40, bottom: 4, containLabel: true },
      legend: { left: 0, top: 4, itemWidth: 14, itemHeight: 10, icon: bar ? 'rect' : undefined, type: 'plain', textStyle: text },
      tooltip: {
        trigger: 'axis', renderMode: 'richText', confine: true, transitionDuration: 0,
        backgroundColor: colour('--surface'), borderColor: colour('--line-strong'), textStyle: { ...text, color: colour('--ink') },
        axisPointer: { type: bar ? 'shadow' : 'line', lineStyle: { color: colour('--line-strong') }, shadowStyle: { color: colour('--sunken', 0.6) } },
        formatter: (points) => [categories[points[0].dataIndex], ...points.map((p) => `${p.seriesName}  ${series[p.seriesIndex].texts[p.dataIndex]}`)].join('\n'),
      },
      xAxis: {
        type: 'category', data: categories, boundaryGap: bar,
        axisLine: { lineStyle: { color: colour('--line-strong') } }, axisTick: { show: false },
        axisLabel: { ...text, hideOverlap: true, width: 96, overflow: 'truncate' },
      },
      yAxis: {
        type: 'value', minInterval: 1, min: 0,
        axisLabel: { ...text, formatter: (value) => short(value, series[0].unit) },
        splitLine: { lineStyle: { color: colour('--line') } },
      },
      series: series.map((one, i) => ({
        name: one.name, type: bar ? 'bar' : 'line', data: one.values, itemStyle: { color: colour(one.tone) }, lineStyle: { width: 2, type: i % 2 ? 'dashed' : 'solid' },
        barMaxWidth: 28, symbol: ['circle', 'rect', 'triangle', 'diamond'][i % 4], symbolSize: 6, showSymbol: categories.length <= 31, emphasis: { disabled: true },
      })),
    };
  }

  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const chart = drawn.get(target.closest('[data-chart]'));
      if (chart && target.clientWidth > 0) chart.resize();
    }
  });

  function draw(figure) {
    const canvas = figure.querySelector('[data-chart-canvas]');
    if (!canvas) return;
    let chart = drawn.get(figure);
    if (!chart) {
      chart = init(canvas, null, { renderer: 'canvas' });
      drawn.set(figure, chart);
      sizes.observe(canvas);
    }
    chart.setOption(option(figure.dataset.chart, read(figure)), true);
    figure.dataset.drawn = '';
  }

  function drawAll() {
    for (const [figure, chart] of drawn) {
      if (document.contains(figure)) continue;
      chart.dispose();
      drawn.delete(figure);
    }
    document.querySelectorAll('[data-chart]').forEach(draw);
  }

  new MutationObserver(drawAll).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  for (const query of [calm, darkSystem]) query.addEventListener('change', drawAll);
  document.addEventListener('htmx:afterSettle', drawAll);
  drawAll();
})();
