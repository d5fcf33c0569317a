// The errors of slim before init.
import * as slim from 'eric-sse/slim';

for (const attempt of [
  () => new slim.SSEChannel(),
  () => new slim.Message('tick'),
  () => new slim.ChannelContainer().add(),
]) {
  try {
    attempt();
    console.log('did not throw');
  } catch (error) {
    console.log(`${error.name}: ${error.message}`);
  }
}
