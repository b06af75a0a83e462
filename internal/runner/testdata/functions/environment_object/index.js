const util = require('util');

exports.main = async () => {
  const env = process.env;
  const offset = new Date(0).getTimezoneOffset();
  env.NUMBER = 5;
  env.GONE = 'x';
  delete env.GONE;
  env.TZ = 'UTC';
  const moved = new Date(0).getTimezoneOffset();
  env.TZ = 'Asia/Shanghai';
  return {
    coerced: env.NUMBER,
    missing: typeof env.MISSING,
    inherited: env.hasOwnProperty('OWN'),
    has: 'OWN' in env,
    deleted: 'GONE' in env,
    printed: util.inspect(env).includes("OWN: '1'"),
    offset,
    moved,
  };
};
