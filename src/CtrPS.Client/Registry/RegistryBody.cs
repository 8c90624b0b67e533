namespace CtrPS.Client.Registry;

/// <summary>Bodies that are small by nature, read whole and not beyond a limit: how long one is, is its sender's word.</summary>
internal static class RegistryBody
{
    /// <exception cref="InvalidOperationException">It is larger than the limit.</exception>
    public static async Task<byte[]> ReadAllAsync(HttpResponseMessage response, long limit, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentLength > limit)
        {
            throw new InvalidOperationException($"the answer has more than {limit} bytes");
        }

        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var whole = new MemoryStream();
            byte[] buffer = new byte[64 << 10];
            while (await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and var read)
            {
                if (whole.Length + read > limit)
                {
                    throw new InvalidOperationException($"the answer has more than {limit} bytes");
                }

                whole.Write(buffer, 0, read);
            }

            return whole.ToArray();
        }
    }
}
