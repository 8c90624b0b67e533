using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace CtrPS.Loading;

/// <summary>
/// Loads CtrPS.Client with gRPC and protobuf from lib/, apart from all other modules: in the default context the first Google.Protobuf in
/// wins, whatever version another module brought.
/// </summary>
internal sealed class ClientLoadContext : AssemblyLoadContext
{
    private const string ClientName = "CtrPS.Client";
    private static readonly Lock Gate = new();
    private static ClientLoadContext? s_instance;

    private readonly string[] _folders;

    private ClientLoadContext(string folder)
        : base(ClientName) =>
        // The same assemblies with native code, which no other platform loads.
        _folders = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64
            ? [Path.Combine(folder, "linux-x64"), folder]
            : [folder];

    /// <summary>Hooks the default context once a process. Loads nothing.</summary>
    public static void Register()
    {
        lock (Gate)
        {
            if (s_instance is null)
            {
                s_instance = new ClientLoadContext(Path.Combine(Path.GetDirectoryName(typeof(ClientLoadContext).Assembly.Location)!, "lib"));
                Default.Resolving += (_, name) => name.Name == ClientName ? s_instance.LoadFromAssemblyName(name) : null;
            }
        }
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // The public types must be the ones that PowerShell sees.
        if (assemblyName.Name == typeof(CtrSession).Assembly.GetName().Name)
        {
            return typeof(CtrSession).Assembly;
        }

        string? path = _folders.Select(folder => Path.Combine(folder, assemblyName.Name + ".dll")).FirstOrDefault(File.Exists);
        return path is null ? null : LoadFromAssemblyPath(path);
    }
}
