const first = process.env;
exports.main = async (event) => {
  const seen = [process.env.WX_OPENID];
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    seen.push(process.env.WX_OPENID, first.WX_OPENID, { ...process.env }.WX_OPENID);
    if (i === 2) process.env.MINE = event.openid;
    if (i > 2 && process.env.MINE !== event.openid) seen.push(`MINE is ${process.env.MINE}`);
  }
  console.log(event.openid);
  return seen.every((s) => s === event.openid) ? 'ok' : seen;
};
