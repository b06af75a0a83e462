const fs = require('fs');
const path = require('path');

const attempt = async (action) => {
  try {
    return { done: true, value: String(await action()).slice(0, 200) };
  } catch (err) {
    return { done: false, error: err.code || err.message };
  }
};

exports.main = async (event) => {
  const tmp = process.env.TMPDIR;
  const tries = {};
  for (const file of event.files) {
    tries[`read ${file}`] = () => fs.readFileSync(file);
    tries[`list ${file}`] = () => fs.readdirSync(path.dirname(file));
    tries[`stream ${file}`] = () => new Promise((resolve, reject) => fs.createReadStream(file).on('data', resolve).on('error', reject));
    tries[`promise ${file}`] = () => fs.promises.readFile(Buffer.from(file));
    tries[`link ${file}`] = () => {
      const link = path.join(tmp, 'link');
      fs.symlinkSync(file, link);
      return fs.readFileSync(link);
    };
    tries[`hard link ${file}`] = () => fs.linkSync(file, path.join(tmp, 'hard'));
    tries[`require ${file}`] = () => require(file);
    tries[`climb ${file}`] = () => fs.readFileSync(path.join(tmp, '..', '..', '..', '..', '..', '..', '..', file));
  }
  tries['write own code'] = () => fs.writeFileSync(path.join(__dirname, 'index.js'), '');
  tries['write beside code'] = () => fs.writeFileSync(path.join(__dirname, '..', 'x'), '');
  tries['spawn'] = () => require('child_process').execFileSync('/bin/true');
  tries['fork'] = () => require('child_process').fork(__filename);
  tries['thread'] = () => new (require('worker_threads').Worker)('1', { eval: true });
  tries['inspector'] = () => require('inspector').open(0);
  tries['binding'] = () => process.binding('fs');
  tries['add-on'] = () => process.dlopen({ exports: {} }, '/lib/x86_64-linux-gnu/libc.so.6');
  for (const pid of event.pids) {
    tries[`signal ${pid}`] = () => process.kill(pid, 0);
    tries[`debug ${pid}`] = () => process._debugProcess(pid);
  }
  const results = {};
  for (const [name, action] of Object.entries(tries)) results[name] = await attempt(action);
  fs.writeFileSync(path.join(tmp, 'mine'), 'mine');
  return { results, mine: fs.readFileSync(path.join(tmp, 'mine'), 'utf8'), uid: process.getuid(), pid: process.pid, dir: path.dirname(__dirname), groups: process.getgroups() };
};
