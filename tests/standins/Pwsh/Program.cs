using System.Reflection;
using CtrPS.StandIn;
using CtrPS.StandIn.Pwsh;

Console.WriteLine("This is the test stand-in, not PowerShell.");
string[][] options = [.. args.Chunk(2)];
if (options.Length == 0 || !options.All(option => option is ["-Module" or "-Command", _]))
{
    Console.Error.WriteLine("usage: [-Module <manifest>]... -Command <command line>...");
    Console.Error.WriteLine("Command lines run in one session, in their order. Without -Module they have the module that was built.");
    return 2;
}

string[] modules = [.. Values("-Module").DefaultIfEmpty(BuiltModule())];
var shell = new Shell();
Array.ForEach(modules, shell.Import);
bool succeeded = true;
foreach (string line in Values("-Command"))
{
    succeeded &= Run(line);
}

return succeeded ? 0 : 1;

IEnumerable<string> Values(string name) => options.Where(option => option[0] == name).Select(option => option[1]);

static string BuiltModule() => Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>()
    .Single(metadata => metadata.Key == "Module").Value!;

bool Run(string line)
{
    try
    {
        var streams = new ConsoleStreams();
        bool ended = shell.Invoke(line, streams);
        var text = new ConsoleStreams();
        _ = shell.Invoke("Out-String", text, streams.Objects);
        text.Objects.ForEach(Console.Write);
        return ended && !streams.HasErrors;
    }
    catch (StandInException e)
    {
        Console.Error.WriteLine(e.Message);
        return false;
    }
}
