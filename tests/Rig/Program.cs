using CtrPS.Rig.Commands;

return await RigCommand.RunAsync(args);
