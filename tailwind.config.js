/**
 * Design tokens of the console. Colours are CSS variables (static/css/input.css),
 * so that light and dark share one set of class names.
 */
const colour = (name) => `rgb(var(--${name}) / <alpha-value>)`;

module.exports = {
  content: ['./views/**/*.templ'],
  // The stored choice, else what the reader's system says.
  darkMode: ['variant', [
    '@media (prefers-color-scheme: dark) { &:not([data-theme="light"] *) }',
    '&:is([data-theme="dark"] *)',
  ]],
  theme: {
    colors: {
      transparent: 'transparent',
      current: 'currentColor',
      canvas: colour('canvas'),
      surface: colour('surface'),
      sunken: colour('sunken'),
      line: colour('line'),
      'line-strong': colour('line-strong'),
      control: colour('control'),
      ink: colour('ink'),
      muted: colour('muted'),
      faint: colour('faint'),
      brand: colour('brand'),
      'brand-hover': colour('brand-hover'),
      'brand-ink': colour('brand-ink'),
      'brand-soft': colour('brand-soft'),
      'on-brand': colour('on-brand'),
      lent: colour('lent'),
      'lent-soft': colour('lent-soft'),
      warn: colour('warn'),
      'warn-soft': colour('warn-soft'),
      danger: colour('danger'),
      'danger-soft': colour('danger-soft'),
      'on-danger': colour('on-danger'),
    },
    fontFamily: {
      sans: ['"Inter Variable"', '"PingFang SC"', '"HarmonyOS Sans SC"', '"Noto Sans SC"', '"Noto Sans CJK SC"', '"Microsoft YaHei"', 'system-ui', 'sans-serif'],
      mono: ['"JetBrains Mono"', 'ui-monospace', 'SFMono-Regular', 'Menlo', 'Consolas', '"Noto Sans Mono CJK SC"', 'monospace'],
    },
    fontSize: {
      '2xs': ['11px', '16px'],
      xs: ['12px', '18px'],
      sm: ['13px', '20px'],
      base: ['14px', '22px'],
      lg: ['16px', '24px'],
      xl: ['20px', '28px'],
      '2xl': ['26px', '34px'],
    },
    borderRadius: { none: '0', sm: '4px', DEFAULT: '6px', md: '8px', lg: '12px', full: '9999px' },
    extend: {
      boxShadow: { pop: '0 1px 2px rgb(0 0 0 / .06), 0 12px 32px -8px rgb(0 0 0 / .18)' },
    },
  },
};
