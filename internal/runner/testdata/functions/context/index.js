exports.main = async (event, context) => ({ ...context, environment: JSON.parse(context.environment) });
