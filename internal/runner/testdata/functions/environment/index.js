exports.main = async (event) => {
  if (event.leave) process.env.LEFT_BEHIND = 'yes';
  return { ...process.env };
};
