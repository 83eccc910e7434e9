// What Runway's own SDK for node sees of the stand-in at argv[2]; prints one JSON object.
import RunwayML, { TaskFailedError, toFile } from '@runwayml/sdk';

// its pause of about six seconds between two polls is shortened; its other timers are left alone
const wait = globalThis.setTimeout;
globalThis.setTimeout = (run, ms, ...rest) => wait(run, ms > 4000 && ms < 8000 ? 20 : ms, ...rest);

const client = new RunwayML({ apiKey: 'key_standin', baseURL: process.argv[2], maxRetries: 0 });
const text = (promptText) => ({ model: 'gen4.5', promptText, ratio: '1280:720', duration: 5 });
const refused = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return { name: error.constructor.name, status: error.status, code: error.taskDetails?.failureCode };
  }
  throw new Error('it was not refused');
};

const done = await client.textToVideo.create(text('a lake')).waitForTaskOutput();
const film = await fetch(done.output[0]);
const failed = await refused(client.textToVideo.create(text('#fail:INTERNAL.BAD_OUTPUT.CODE01')).waitForTaskOutput());
const kept = await client.textToVideo.create(text('#throttle:60'));
const throttled = await client.tasks.retrieve(kept.id);
await client.tasks.delete(kept.id);
const gone = await refused(client.tasks.retrieve(kept.id));
const picture = Buffer.from(process.argv[3], 'base64');
const upload = await client.uploads.createEphemeral({ file: await toFile(picture, 'in.png') });
const animated = await client.imageToVideo
  .create({ model: 'gen4_turbo', promptImage: upload.uri, ratio: '960:960', duration: 2 })
  .waitForTaskOutput();
const invalid = await refused(client.textToVideo.create(text('')));
const organization = await client.organization.retrieve();
console.log(
  JSON.stringify({
    done: [done.status, done.cost.credits, film.status, film.headers.get('content-type')],
    failed: failed.name === TaskFailedError.name && failed.code,
    throttled: throttled.status,
    gone,
    animated: animated.status,
    invalid,
    balance: organization.creditBalance,
  }),
);
