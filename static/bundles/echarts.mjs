// What the console's charts need of ECharts; the build makes one script of it.
export { use, init } from 'echarts/core';
export { BarChart, LineChart } from 'echarts/charts';
export { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
export { CanvasRenderer } from 'echarts/renderers';
