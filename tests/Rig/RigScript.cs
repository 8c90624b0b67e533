using CtrPS.Rig.Processes;

namespace CtrPS.Rig;

/// <summary>Scripts that tests put in the place of programs.</summary>
public static class RigScript
{
    /// <summary>
    /// Writes a script that can be started at once. A process that this one starts at the same moment on another thread holds its open files for a
    /// while, and what anyone has open for writing cannot be run ("Text file busy"): so a process of its own writes it.
    /// </summary>
    /// <param name="path">The file; one that is there is replaced.</param>
    /// <param name="script">All of it, from <c>#!</c> on.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public static async Task WriteAsync(string path, string script, CancellationToken cancellationToken = default)
    {
        string[] words = ["-c", "rm -f \"$1\" && printf %s \"$2\" >\"$1\" && chmod 700 \"$1\"", "sh", path, script];
        (await Command.RunAsync("sh", words, cancellationToken: cancellationToken)).Check();
    }
}
