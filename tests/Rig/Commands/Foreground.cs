namespace CtrPS.Rig.Commands;

/// <summary>Holds a rig in the foreground and answers commands on standard input, one a line.</summary>
internal static class Foreground
{
    /// <summary>Returns when standard input ends or the token is cancelled. A command that fails is answered with its error.</summary>
    public static async Task ServeAsync(Func<string, Task<object>> answer, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(ended.SetResult);
        while (true)
        {
            // Reading a line from standard input cannot be cancelled: leave it behind when the signal comes.
            var line = Task.Run(Console.In.ReadLine, CancellationToken.None);
            if (await Task.WhenAny(line, ended.Task) == ended.Task || await line is not { } command)
            {
                return;
            }

            try
            {
                await Json.WriteLineAsync(await answer(command.Trim()));
            }
            catch (Exception failure) when (failure is ArgumentException or InvalidOperationException or TimeoutException)
            {
                await Json.WriteLineAsync(new { error = failure.Message });
            }
        }
    }
}
