const fs = require('fs');
const net = require('net');

const forged = (text) => {
  const frame = Buffer.alloc(4 + Buffer.byteLength(text));
  frame.writeUInt32BE(Buffer.byteLength(text));
  frame.write(text, 4);
  return frame;
};
const forever = () => new Promise(() => {});

const ways = {
  fine: () => 'fine',
  throws: () => {
    throw new TypeError('boom');
  },
  rejectsString: () => Promise.reject('plain words'),
  rejectsNothing: () => Promise.reject(),
  throwsStrange: () => {
    throw new Proxy({}, { get() { throw new Error('trap'); } });
  },
  unhandled: () => {
    Promise.reject(new Error('nobody caught this'));
    return forever();
  },
  timerThrows: () => {
    setTimeout(() => { throw new Error('from a timer'); }, 1);
    return forever();
  },
  exits: () => {
    console.log('last words');
    process.exit(3);
  },
  reallyExits: () => process.reallyExit(4),
  aborts: () => process.abort(),
  kills: () => process.kill(process.pid, 'SIGKILL'),
  loops: () => {
    console.log('before the loop');
    for (;;);
  },
  waits: forever,
  heap: () => {
    const hoard = [];
    for (;;) hoard.push(new Array(1000).fill({}));
  },
  buffers: async () => {
    const hoard = [];
    for (;;) {
      hoard.push(Buffer.alloc(16 << 20, 1));
      await new Promise(setImmediate);
    }
  },
  giant: () => 'x'.repeat(2 << 20),
  bigint: () => ({ n: 1n }),
  circular: () => {
    const a = {};
    a.a = a;
    return a;
  },
  flood: () => {
    for (let i = 0; i < 200000; i++) console.log('line', i);
    return 'flooded';
  },
  oneLongLine: () => {
    console.log('x'.repeat(10 << 20));
    return 'done';
  },
  rawFlood: () => {
    const block = Buffer.alloc(1 << 20, 65);
    for (let i = 0; i < 64; i++) fs.writeSync(1, block);
    return 'flooded';
  },
  forgesResult: () => {
    fs.writeSync(3, forged('{"type":"result","id":"guess","status":"ok","value":1}'));
    return forever();
  },
  forgesGarbage: () => {
    fs.writeSync(3, Buffer.alloc(64, 0x7b));
    return forever();
  },
  forgesReady: () => {
    fs.writeSync(3, forged('{"type":"ready"}'));
    return forever();
  },
  forgesRetire: () => {
    for (let i = 0; i < 2; i++) fs.writeSync(3, forged('{"type":"retire"}'));
    return forever();
  },
  listens: () => {
    require('http').createServer().listen(0);
    return forever();
  },
  forgesSocket: () => {
    new net.Socket({ fd: 3 }).write(forged('{"type":"log","id":"guess","text":"x"}'));
    return forever();
  },
  closesChannel: () => {
    fs.closeSync(3);
    return forever();
  },
  leavesRejection: () => {
    setTimeout(() => Promise.reject(new Error('late')), 20);
    return 'left';
  },
  leavesExit: () => {
    setTimeout(() => process.exit(9), 20);
    return 'left';
  },
  leavesLog: () => {
    setTimeout(() => console.log('from the run before'), 10);
    return 'left';
  },
  leavesLoop: () => {
    setTimeout(() => { for (;;); }, 50);
    return 'left';
  },
  fills: () => {
    const block = Buffer.alloc(64 << 20, 1);
    for (const name of ['a', 'b']) {
      fs.mkdirSync(`${process.env.TMPDIR}/${name}`);
      for (let i = 0; i < 5; i++) fs.appendFileSync(`${process.env.TMPDIR}/${name}/file`, block);
    }
    return forever();
  },
  litters: () => {
    for (let i = 0; i < 10001; i++) fs.writeFileSync(`${process.env.TMPDIR}/${i}`, '');
    return forever();
  },
  pauses: async () => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    return 'paused';
  },
  logs: () => {
    console.log('one', { two: 2 });
    console.error('three');
    process.stdout.write('four\n');
    process.stderr.write(Buffer.from('five'));
    return null;
  },
  patches: () => {
    JSON.stringify = JSON.parse = () => { throw new Error('patched'); };
    fs.writeSync = () => 0;
    return 'patched';
  },
};

exports.main = async (event) => ways[event.way](event);
