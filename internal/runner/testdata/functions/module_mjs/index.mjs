import cloud from 'wx-server-sdk';
export async function main() {
  return typeof cloud.init;
}
