import { upLab } from './up.ts';
import { downLab } from './down.ts';
const t=performance.now();
if (process.argv[2]==='up') { await upLab({ name: process.argv[3]!, programs:false, onFailure:'leave', onProgress: (s)=>console.log(Math.round(performance.now()-t), s)}); console.log(Math.round(performance.now()-t)); }
else await downLab(process.argv[3]!);
