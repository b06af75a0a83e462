console.log('loading');
throw new Error('no luck');
