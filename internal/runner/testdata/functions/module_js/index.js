import { answer } from './answer.js';
export const main = async () => answer;
